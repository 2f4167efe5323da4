using Stockpile.Core.Placement;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Mapping;

/// <summary>How far a cell's nodes reach, on the wire.</summary>
public static class ReachMapping
{
    public static CouldRunReply ToWire(this Reach reach, string cell) => new()
    {
        Cell = cell,
        Possible = reach.Possible,
        NodesOfModels = reach.NodesOfModels,
        NodesWithLabels = reach.NodesWithLabels,
        Devices = reach.Devices,
        CpuMilli = reach.CpuMilli,
        MemoryMib = reach.MemoryMiB,
        GangDevices = reach.Gang.Devices,
        GangModel = reach.Gang.Model,
        DomainDevices = reach.Domain.Devices,
        DomainModel = reach.Domain.Model,
    };

    public static Reach FromWire(this CouldRunReply reply) => new()
    {
        Possible = reply.Possible,
        NodesOfModels = reply.NodesOfModels,
        NodesWithLabels = reply.NodesWithLabels,
        Devices = reply.Devices,
        CpuMilli = reply.CpuMilli,
        MemoryMiB = reply.MemoryMib,
        Gang = (reply.GangDevices, reply.GangModel),
        Domain = (reply.DomainDevices, reply.DomainModel),
    };
}

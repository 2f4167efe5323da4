using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Stockpile.Core.State;

/// <summary>A fingerprint of what a cell has bound to what, so that two views can be compared at a glance.</summary>
public static class AllocationsHash
{
    /// <summary>
    /// The first 16 hex digits of a SHA-256 over the live allocations, oldest first: sequence, job, node, devices,
    /// share, guest, started.
    /// </summary>
    public static string Of(CellState state)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> row = stackalloc byte[26];
        foreach (var allocation in state.Allocations.Values.OrderBy(a => a.Sequence))
        {
            BinaryPrimitives.WriteInt64LittleEndian(row, allocation.Sequence);
            BinaryPrimitives.WriteInt64LittleEndian(row[8..], allocation.Job.Number);
            BinaryPrimitives.WriteUInt32LittleEndian(row[16..], allocation.DeviceMask);
            BinaryPrimitives.WriteInt32LittleEndian(row[20..], allocation.ShareMilli);
            row[24] = allocation.Guest ? (byte)1 : (byte)0;
            row[25] = allocation.Started ? (byte)1 : (byte)0;
            hash.AppendData(row);
            hash.AppendData(Encoding.UTF8.GetBytes(allocation.Node.Id));
        }

        return Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 8)).ToLowerInvariant();
    }
}

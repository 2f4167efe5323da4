using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>How long work takes on a model, from the catalogue's throughput and links.</summary>
public static class RunTimes
{
    /// <summary>Devices of a node where only a gang's size is known: those of the usual training server.</summary>
    private const int DevicesPerNodeUsual = 8;

    /// <summary>
    /// Run time of the whole work of an allocation, in whole milliseconds and at least one; zero for a service.
    /// Work is counted in hours of one reference device (H800), so a gang of n devices of relative speed s and
    /// <see cref="Efficiency"/> e needs work ÷ (n × s × e) hours. A share counts as its thousandths.
    /// </summary>
    /// <param name="gangs">What is assumed of the training and of the network between nodes.</param>
    /// <param name="devices">Devices of the whole gang, or of the task.</param>
    /// <param name="nodes">Nodes that the gang is spread over; 0: not known yet, so as few as usual.</param>
    public static TimeSpan Of(
        JobSpec spec, Catalog catalog, GangPolicy gangs, string model, int devices, int nodes = 0)
    {
        if (spec.Kind == JobKind.Inference) return TimeSpan.Zero;
        if (spec.Duration > TimeSpan.Zero) return spec.Duration;
        var power = spec.ShareMilli > 0 ? spec.ShareMilli / 1000.0 : Math.Max(1, devices);
        if (spec.Kind == JobKind.Training) power *= Efficiency(catalog, gangs, model, devices, nodes);
        var hours = spec.WorkHours / (power * catalog.RelativeSpeed(model));
        var ms = Math.Ceiling(hours * 3_600_000);
        return TimeSpan.FromMilliseconds(Math.Clamp(ms, 1, TimeSpan.FromDays(Limits.RunDaysMax).TotalMilliseconds));
    }

    /// <summary>
    /// Share of its devices' throughput that a gang keeps, above 0 and at most 1; 1 for a single device. A step of
    /// data-parallel training with P parameters computes 6·P·tokens FLOP on each device (Kaplan et al., Scaling Laws
    /// for Neural Language Models, 2020) and then all-reduces 2·P bytes of BF16 gradients. A ring of n devices moves
    /// 2(n−1)/n of them over every link (Patarasuk and Yuan, Bandwidth Optimal All-reduce Algorithms, 2009); over
    /// several nodes the rings are nested, first the g devices inside a node, then m nodes with a g-th of the bytes on
    /// each device's link (Cho et al., BlueConnect, 2019). P falls out, and the efficiency is
    /// 1 / (1 + communication ÷ computation), with nothing overlapped. It grows with the link and never with the
    /// number of nodes.
    /// </summary>
    /// <param name="devices">Devices of the gang.</param>
    /// <param name="nodes">Nodes it is spread over; 0: not known yet.</param>
    public static double Efficiency(Catalog catalog, GangPolicy gangs, string model, int devices, int nodes = 0)
    {
        if (devices <= 1 || gangs.StepTokens <= 0) return 1;
        var accelerator = catalog.Find(model)!;
        // The catalogue counts both directions of a link together; a ring uses one.
        var link = accelerator.LinkGBps / 2;
        if (link <= 0) link = gangs.NetworkGBps;
        // A gang that is spread wider is never faster for it, whatever the network.
        var network = Math.Min(gangs.NetworkGBps, link);
        double spread = nodes > 0 ? Math.Min(nodes, devices) : (devices - 1) / DevicesPerNodeUsual + 1;
        var perNode = devices / spread;
        var secondsPerGigabyte = 2 * (perNode - 1) / perNode / link + 2 * (spread - 1) / spread / perNode / network;
        var communication = 2 * secondsPerGigabyte / 1e9;
        var computation = 6 * gangs.StepTokens / (accelerator.TrainingTflops * 1e12);
        return 1 / (1 + communication / computation);
    }
}

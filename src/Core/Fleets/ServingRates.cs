using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>How fast models serve, from the catalogue's memory bandwidth and throughput.</summary>
public static class ServingRates
{
    /// <summary>
    /// Serving speed of one device against one reference device. Generating tokens reads the weights and the cache from
    /// memory for every token and is bound by memory bandwidth; reading a prompt is bound by arithmetic (Williams et
    /// al., Roofline, CACM 2009; Pope et al., Efficiently Scaling Transformer Inference, 2022). So with d the decode
    /// share, a request that takes 1 on the reference takes
    /// d × bandwidth(ref) ÷ bandwidth + (1 − d) × throughput(ref) ÷ throughput on the model.
    /// </summary>
    public static double Speed(Catalog catalog, string model, double decodeShare)
    {
        var device = catalog.Find(model)!;
        var reference = catalog.Find(Catalog.ReferenceModel);
        if (reference is null) return catalog.RelativeSpeed(model);
        return 1 / (decodeShare * reference.MemoryGBps / device.MemoryGBps
            + (1 - decodeShare) * reference.TrainingTflops / device.TrainingTflops);
    }

    /// <summary>Requests per second that one replica answers within its latency class; a share counts as its
    /// thousandths.</summary>
    public static double PerReplica(JobSpec spec, ServingRate rate, Catalog catalog, string model) =>
        rate.OnReference(spec.DevicesPerTask) * Speed(catalog, model, rate.DecodeShare);
}

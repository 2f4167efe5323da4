using Stockpile.Core.Jobs;

namespace Stockpile.Simulation.Tests.Clients;

/// <summary>Jobs that take seconds of real time, and names that nobody else has.</summary>
public sealed class JobMaker(Random random)
{
    private int _number;

    public JobSpec Next()
    {
        var spec = random.Next(10) switch { < 5 => Training(), < 9 => Batch(), _ => Inference() };
        return spec with
        {
            Name = $"job {++_number}",
            Priority = Pick(Priority.Low, Priority.Normal, Priority.Normal, Priority.High, Priority.Critical),
            Tenant = Pick("default", "research", "products"),
            Tiers = Pick<string[]>([], [], ["frontier", "advanced", "standard", "basic"]),
        };
    }

    private JobSpec Training()
    {
        var devices = Pick(1, 2, 4, 4, 8, 12);
        return new JobSpec
        {
            Name = "",
            Kind = JobKind.Training,
            Devices = devices,
            MinDevices = random.Next(4) == 0 ? Math.Max(1, devices / 2) : 0,
            MaxDevices = random.Next(4) == 0 ? devices + 2 : 0,
            // Minutes on one reference device, for each of the gang.
            WorkHours = devices * random.Next(2, 15) / 60.0,
            Checkpoint = Pick(TimeSpan.Zero, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3)),
        };
    }

    private JobSpec Inference()
    {
        var whole = random.Next(3) == 0;
        var least = random.Next(1, 3);
        return new JobSpec
        {
            Name = "",
            Kind = JobKind.Inference,
            Devices = whole ? 1 : 0,
            ShareMilli = whole ? 0 : Pick(250, 500, 700),
            MinReplicas = least,
            MaxReplicas = least + random.Next(3),
            Demand = random.Next(2) == 0 ? null : new Demand(20, 100, random.Next(24)),
        };
    }

    private JobSpec Batch()
    {
        var shape = random.Next(4);
        return new JobSpec
        {
            Name = "",
            Kind = JobKind.Batch,
            Devices = shape == 0 ? Pick(1, 1, 2) : 0,
            ShareMilli = shape is 1 or 2 ? Pick(200, 333, 500, 999) : 0,
            CpuMilli = shape == 3 ? 2_000 : 0,
            Tasks = random.Next(1, 6),
            Duration = TimeSpan.FromMinutes(random.Next(1, 12)),
        };
    }

    private T Pick<T>(params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}

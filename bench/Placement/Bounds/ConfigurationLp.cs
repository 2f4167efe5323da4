using Google.OrTools.LinearSolver;
using Stockpile.Core.Scoring;

namespace Stockpile.Bench.Bounds;

/// <summary>Nodes that are alike.</summary>
internal sealed record NodeType(string Model, int Devices, int CpuMilli, long MemoryMiB, int Nodes);

/// <summary>Tasks that are alike.</summary>
/// <param name="Models">Models they may run on; empty: any.</param>
/// <param name="Arrived">How many there are.</param>
/// <param name="Forced">How many of them must be placed.</param>
internal sealed record TaskClass(TaskShape Shape, IReadOnlyList<string> Models, int Arrived, int Forced);

/// <summary>
/// An upper bound on the device capacity that any placement of the tasks allocates: the linear relaxation of the
/// problem where nodes of a type pool their CPU, memory and devices. What it does not relax is the single device: a
/// device runs a <em>configuration</em>, a set of shares of at most 1000 thousandths. There are too many of those to
/// list, so they are generated (Gilmore and Gomory's columns): the prices of the relaxed problem make a knapsack whose
/// best filling is the next configuration worth having.
/// <para>Variables: y[c,t] tasks of class c on type t; z[k,t] devices of type t that run configuration k. Rows: tasks
/// that arrived, by class; CPU, memory and devices, by type; and by type and share, configurations that hold as many
/// of it as are placed.</para>
/// </summary>
/// <param name="configurations">Configurations known from earlier problems; new ones are added. They save rounds.
/// </param>
internal sealed class ConfigurationLp(
    IReadOnlyList<NodeType> types, IReadOnlyList<TaskClass> classes, ConfigurationPool configurations)
{
    private const int RoundsMax = 500;

    /// <summary>What the columns that are still missing may add, in devices, when no more are looked for. It is added
    /// to the result, which so stays a bound.</summary>
    private const double MissingMax = 0.01;

    /// <summary>What a forced task costs that is not placed, in devices. Leaving one out is allowed at this price, so
    /// that the first rounds, which lack configurations, have a solution; that only loosens the bound.</summary>
    private const double ForcedPrice = 100;

    private readonly Solver _solver = Solver.CreateSolver("GLOP");
    private readonly Constraint[] _devices = new Constraint[types.Count];
    private readonly Constraint[,] _shares = new Constraint[types.Count, configurations.Shares.Count];
    private int _added;

    /// <summary>Most thousandths of devices that can be allocated.</summary>
    /// <exception cref="InvalidOperationException">The solver gave up.</exception>
    public double BoundMilli()
    {
        AddTasks();
        for (var round = 0; ; round++)
        {
            for (; _added < configurations.All.Count; _added++) AddConfiguration(configurations.All[_added]);
            var status = _solver.Solve();
            if (status != Solver.ResultStatus.OPTIMAL) throw new InvalidOperationException($"GLOP: {status}");
            var missing = Price();
            if (missing <= MissingMax || round == RoundsMax)
                return 1000 * (_solver.Objective().Value() + missing);
        }
    }

    private void AddTasks()
    {
        var goal = _solver.Objective();
        goal.SetMaximization();
        var cpu = types.Select(t => _solver.MakeConstraint(0, t.Nodes * (t.CpuMilli / 1e3))).ToArray();
        var memory = types.Select(t => _solver.MakeConstraint(0, t.Nodes * (t.MemoryMiB / 1024.0))).ToArray();
        for (var t = 0; t < types.Count; t++)
        {
            _devices[t] = _solver.MakeConstraint(double.NegativeInfinity, types[t].Nodes * types[t].Devices);
            for (var share = 0; share < configurations.Shares.Count; share++)
                _shares[t, share] = _solver.MakeConstraint(double.NegativeInfinity, 0);
        }

        foreach (var tasks in classes)
        {
            var (shape, arrived) = (tasks.Shape, _solver.MakeConstraint(tasks.Forced, tasks.Arrived));
            for (var t = 0; t < types.Count; t++)
            {
                if (!Fits(tasks, types[t])) continue;
                var y = _solver.MakeNumVar(0, double.PositiveInfinity, "");
                goal.SetCoefficient(y, shape.DeviceMilli / 1e3);
                arrived.SetCoefficient(y, 1);
                cpu[t].SetCoefficient(y, shape.CpuMilli / 1e3);
                memory[t].SetCoefficient(y, shape.MemoryMiB / 1024.0);
                if (shape.ShareMilli > 0) _shares[t, configurations.IndexOf(shape.ShareMilli)].SetCoefficient(y, 1);
                else _devices[t].SetCoefficient(y, shape.Devices);
            }

            if (tasks.Forced == 0) continue;
            var left = _solver.MakeNumVar(0, tasks.Forced, "");
            arrived.SetCoefficient(left, 1);
            goal.SetCoefficient(left, -ForcedPrice);
        }
    }

    private static bool Fits(TaskClass tasks, NodeType type) =>
        (tasks.Models.Count == 0 || tasks.Models.Contains(type.Model))
        && tasks.Shape.DeviceCount <= type.Devices
        && tasks.Shape.CpuMilli <= type.CpuMilli
        && tasks.Shape.MemoryMiB <= type.MemoryMiB;

    private void AddConfiguration(int[] counts)
    {
        for (var t = 0; t < types.Count; t++)
        {
            var z = _solver.MakeNumVar(0, double.PositiveInfinity, "");
            _devices[t].SetCoefficient(z, 1);
            for (var share = 0; share < counts.Length; share++)
                if (counts[share] > 0) _shares[t, share].SetCoefficient(z, -counts[share]);
        }
    }

    /// <summary>Looks for the configuration worth most on each type.</summary>
    /// <returns>What all missing configurations together may add at most, in devices: no device gains more than the
    /// best of them.</returns>
    private double Price()
    {
        double missing = 0;
        var worth = new double[configurations.Shares.Count];
        for (var t = 0; t < types.Count; t++)
        {
            for (var share = 0; share < worth.Length; share++)
                worth[share] = Math.Max(0, _shares[t, share].DualValue());
            var counts = configurations.Best(worth, out var value);
            var gain = value - Math.Max(0, _devices[t].DualValue());
            if (gain <= 1e-9) continue;
            missing += gain * types[t].Nodes * types[t].Devices;
            configurations.Add(counts);
        }

        return missing;
    }
}

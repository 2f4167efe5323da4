using Stockpile.Core.Jobs;

namespace Stockpile.Core.Scoring;

/// <summary>Free capacity of one model in the index.</summary>
public sealed record ModelRoom(string Model, long FreeMilli);

/// <summary>
/// How much the expected work wants of each model, against what is free of it. Work that may run on several models
/// spreads so that the fullest of them is as empty as possible; what only one model can run weighs on that one. A task
/// that has a choice does least harm on the model with the least pressure.
/// <para>The split is found by letting every set of models re-level its own demand in turn (water-filling); each turn
/// starts from the last split, so few sweeps keep it level while capacity changes slowly.</para>
/// </summary>
public sealed class ModelPressure
{
    private const int SweepsFirst = 200;
    private const int SweepsNext = 5;

    private readonly List<(double Demand, HashSet<string>? Models)> _sets = [];
    private string[] _models = [];
    private int[][] _allowed = [];
    private double[][] _split = [];
    private double[] _levels = [];

    public ModelPressure(WorkloadMix mix)
    {
        var demand = mix.All
            .Where(e => e.Shape.DeviceMilli > 0)
            .GroupBy(e => string.Join('|', e.Models), StringComparer.Ordinal)
            .Select(g => (Demand: g.Sum(e => e.Weight * e.Shape.DeviceMilli), g.First().Models));
        foreach (var (sum, models) in demand)
            _sets.Add((sum, models.Count == 0 ? null : models.ToHashSet(StringComparer.Ordinal)));
        var total = _sets.Sum(s => s.Demand);
        for (var i = 0; i < _sets.Count; i++) _sets[i] = (_sets[i].Demand / total, _sets[i].Models);
    }

    /// <summary>Demand over free capacity of a model; the fleet as a whole is 1. Zero for an unknown model.</summary>
    public double this[string model]
    {
        get
        {
            var found = Array.IndexOf(_models, model);
            return found < 0 ? 0 : _levels[found];
        }
    }

    /// <summary>Takes up what is free now.</summary>
    public void Level(IReadOnlyList<ModelRoom> rooms)
    {
        var sweeps = SweepsNext;
        if (_models.Length != rooms.Count)
        {
            _models = [.. rooms.Select(r => r.Model)];
            _levels = new double[_models.Length];
            _split = [.. _sets.Select(_ => new double[_models.Length])];
            _allowed = [.. _sets.Select(s => Enumerable.Range(0, _models.Length)
                .Where(m => s.Models?.Contains(_models[m]) ?? true).ToArray())];
            sweeps = SweepsFirst;
        }

        var capacity = rooms.Select(r => Math.Max(1.0, r.FreeMilli)).ToArray();
        var load = new double[_models.Length];
        foreach (var split in _split)
            for (var m = 0; m < load.Length; m++) load[m] += split[m];
        for (var sweep = 0; sweep < sweeps; sweep++)
            for (var s = 0; s < _sets.Count; s++)
                Relevel(_sets[s].Demand, _allowed[s], _split[s], load, capacity);
        var whole = capacity.Sum();
        for (var m = 0; m < load.Length; m++) _levels[m] = load[m] / capacity[m] * whole;
    }

    /// <summary>Pours one set's demand anew over its models, lowest level first.</summary>
    private static void Relevel(double demand, int[] models, double[] split, double[] load, double[] capacity)
    {
        foreach (var m in models)
        {
            load[m] -= split[m];
            split[m] = 0;
        }

        Array.Sort(models, (a, b) =>
        {
            var byLevel = (load[a] / capacity[a]).CompareTo(load[b] / capacity[b]);
            return byLevel != 0 ? byLevel : a.CompareTo(b);
        });
        double room = 0;
        double held = 0;
        double level = 0;
        var poured = 0;
        while (poured < models.Length)
        {
            room += capacity[models[poured]];
            held += load[models[poured]];
            poured++;
            level = (demand + held) / room;
            if (poured == models.Length || level <= load[models[poured]] / capacity[models[poured]]) break;
        }

        for (var i = 0; i < poured; i++)
        {
            var m = models[i];
            split[m] = Math.Max(0, level * capacity[m] - load[m]);
            load[m] += split[m];
        }
    }
}

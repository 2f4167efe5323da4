namespace Stockpile.Core.Fleets;

/// <summary>One rung of the capability ladder. Rank 0 is the most capable.</summary>
public sealed record Tier(string Name, int Rank);

/// <summary>An accelerator type, one entry of <c>hocon/accelerators.conf</c>.</summary>
/// <param name="Model">Its name, such as <c>H800</c>.</param>
/// <param name="Tier">The name of its tier.</param>
/// <param name="MemoryMiB">Device memory in MiB.</param>
/// <param name="Bf16Tflops">Dense BF16 tensor throughput in TFLOP/s; null where the chip has no BF16.</param>
/// <param name="Fp16Tflops">Dense FP16 tensor throughput in TFLOP/s (the plain FP16 rate without tensor units).</param>
/// <param name="MemoryGBps">Device memory bandwidth in GB/s.</param>
/// <param name="LinkGBps">Bandwidth to the other devices of the node, both directions together, in GB/s.</param>
/// <param name="Source">Where the figures come from.</param>
/// <param name="Assumed">True where the figures are assumptions, as for the anonymous models of a trace.</param>
public sealed record Accelerator(
    string Model,
    string Tier,
    int MemoryMiB,
    double? Bf16Tflops,
    double Fp16Tflops,
    double MemoryGBps,
    double LinkGBps,
    string Source,
    bool Assumed)
{
    /// <summary>Training throughput in TFLOP/s: BF16 where the chip has it, else FP16.</summary>
    public double TrainingTflops => Bf16Tflops ?? Fp16Tflops;

    /// <summary>The model of the catalogue: its own name, or the one that it is a variant of.</summary>
    public string Base => Model.IndexOf(Catalog.VariantMark) is > 0 and var mark ? Model[..mark] : Model;

    public bool IsVariant => Model.Contains(Catalog.VariantMark);
}

/// <summary>
/// The tiers and models a fleet may use. Immutable. A chip that its node gives another tier than the catalogue does, a
/// binned or throttled one, is a variant: <c>H800@advanced</c> has the figures of H800 and the tier advanced. Every
/// variant can be found; <see cref="Models"/> lists those that somebody has.
/// </summary>
public sealed class Catalog
{
    /// <summary>The model in whose device-hours training work is counted.</summary>
    public const string ReferenceModel = "H800";

    /// <summary>Stands between model and tier in the name of a variant; no model has it in its own.</summary>
    public const char VariantMark = '@';

    private readonly Dictionary<string, Accelerator> _models;
    private readonly Dictionary<string, Accelerator> _variants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tier> _tiers;
    private readonly double _referenceTflops;

    /// <param name="tiers">Most capable first.</param>
    /// <param name="models">Each of a tier in <paramref name="tiers"/>.</param>
    /// <exception cref="ArgumentException">A model names an unknown tier, or a name stands twice.</exception>
    public Catalog(IEnumerable<string> tiers, IEnumerable<Accelerator> models)
    {
        Tiers = [.. tiers.Select((name, rank) => new Tier(name, rank))];
        _tiers = Tiers.ToDictionary(t => t.Name, StringComparer.Ordinal);
        Models = [.. models];
        _models = Models.ToDictionary(m => m.Model, StringComparer.Ordinal);
        foreach (var model in Models)
            if (!_tiers.ContainsKey(model.Tier))
                throw new ArgumentException($"model {model.Model} names the unknown tier {model.Tier}");
        foreach (var model in Models.Where(m => !m.IsVariant))
            foreach (var tier in Tiers)
            {
                var name = NameOf(model.Model, tier.Name);
                _variants.Add(name, tier.Name == model.Tier ? model : model with { Model = name, Tier = tier.Name });
            }

        _referenceTflops = _models.TryGetValue(ReferenceModel, out var reference)
            ? reference.TrainingTflops
            : Models.Count > 0 ? Models.Max(m => m.TrainingTflops) : 1;
    }

    /// <summary>Most capable first.</summary>
    public IReadOnlyList<Tier> Tiers { get; }

    public IReadOnlyList<Accelerator> Models { get; }

    /// <summary>A model by its name, or a variant by its; with the tier of the catalogue it is the model itself.
    /// </summary>
    public Accelerator? Find(string model) =>
        _models.GetValueOrDefault(model) ?? _variants.GetValueOrDefault(model);

    /// <summary>A model as a node has it.</summary>
    /// <param name="tier">What the node gives it; empty: the catalogue's.</param>
    public Accelerator? Find(string model, string tier) => Find(tier.Length == 0 ? model : NameOf(model, tier));

    private static string NameOf(string model, string tier) => model + VariantMark + tier;

    public Tier? FindTier(string tier) => _tiers.GetValueOrDefault(tier);

    /// <summary>Rank of a model's tier; 0 is the most capable.</summary>
    public int RankOf(string model) => _tiers[Known(model).Tier].Rank;

    /// <summary>Training speed of one device against one reference device (H800 = 1).</summary>
    public double RelativeSpeed(string model) => Known(model).TrainingTflops / _referenceTflops;

    private Accelerator Known(string model) => Find(model) ?? throw new KeyNotFoundException($"no model {model}");

    /// <summary>This catalogue with those variants among its models; names that are none change nothing.</summary>
    public Catalog WithVariants(IEnumerable<string> names) => With([.. names.Distinct(StringComparer.Ordinal)
        .Where(n => !_models.ContainsKey(n)).Select(Find).OfType<Accelerator>()
        .Where(a => a.IsVariant).OrderBy(a => a.Model, StringComparer.Ordinal)]);

    /// <summary>This catalogue with all that could be.</summary>
    internal Catalog WithAllVariants() => WithVariants(_variants.Keys);

    /// <summary>The listed variants of a model, most capable tier first.</summary>
    public IEnumerable<Accelerator> VariantsOf(string model) =>
        Models.Where(m => m.IsVariant && m.Base == model).OrderBy(m => _tiers[m.Tier].Rank);

    /// <summary>This catalogue with more models, each of a known tier and of a name of its own.</summary>
    public Catalog With(IReadOnlyList<Accelerator> models) =>
        models.Count == 0 ? this : new Catalog(Tiers.Select(t => t.Name), Models.Concat(models));

    /// <summary>The known models in one line, for error messages.</summary>
    public string ModelNames => string.Join(", ", Models.Where(m => !m.IsVariant).Select(m => m.Model));

    /// <summary>The known tiers in one line, most capable first, for error messages.</summary>
    public string TierNames => string.Join(", ", Tiers.Select(t => t.Name));
}

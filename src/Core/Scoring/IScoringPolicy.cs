namespace Stockpile.Core.Scoring;

/// <summary>
/// Says how good a node is for a task. A new policy is one class in <c>Policies/</c> with a
/// <see cref="ScoringPolicyAttribute"/>, whose constructor takes a <see cref="ScoringContext"/> or nothing; then its
/// name may stand in <c>policy.conf</c> and on the command line.
/// </summary>
public interface IScoringPolicy
{
    /// <summary>The score of a node that holds the task; the highest wins, ties go to the lowest node index. It must
    /// depend on nothing but the task and what the node has and runs: it is kept until the node changes, and empty
    /// nodes that are alike but for their index may share it.</summary>
    /// <param name="devices">The devices it would take; bit i is device i.</param>
    /// <returns>0..1,000,000.</returns>
    int Score(in TaskShape task, NodeRoom node, out uint devices);

    /// <summary>True when two questions about the same node may have two answers; such scores are never kept.</summary>
    bool Varies => false;

    /// <summary>True when <see cref="ModelPenalty"/> is used; <see cref="Observe"/> is called then.</summary>
    bool WeighsModels => false;

    /// <summary>The policy as a question may use it: what the copy draws or learns, the original does not.</summary>
    IScoringPolicy ForQuestions() => this;

    /// <summary>What is free of each model, told every now and then.</summary>
    void Observe(IReadOnlyList<ModelRoom> rooms)
    {
    }

    /// <summary>What is taken off the score of every node of a model for this task.</summary>
    /// <param name="models">The models of the index on which the task may run.</param>
    int ModelPenalty(in TaskShape task, string model, IReadOnlyList<string> models) => 0;
}

/// <summary>What a policy may know.</summary>
/// <param name="Mix">The work to expect.</param>
/// <param name="Seed">For policies that draw lots.</param>
public sealed record ScoringContext(WorkloadMix Mix, int Seed);

/// <summary>Names a policy.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ScoringPolicyAttribute(string name, string description) : Attribute
{
    public string Name { get; } = name;
    public string Description { get; } = description;
}

/// <summary>All scoring policies of this assembly, by name.</summary>
public static class ScoringPolicies
{
    public const string Default = "stockpile";

    private static readonly SortedDictionary<string, (Type Type, string Description)> Known = Find();

    public static IReadOnlyCollection<string> Names => Known.Keys;

    public static bool Exists(string name) => Known.ContainsKey(name);

    public static string DescriptionOf(string name) => Known[name].Description;

    /// <exception cref="ArgumentException">No policy has the name.</exception>
    public static IScoringPolicy Create(string name, ScoringContext context) =>
        Known.TryGetValue(name, out var found)
            ? (IScoringPolicy)(found.Type.GetConstructor([typeof(ScoringContext)])?.Invoke([context])
                ?? Activator.CreateInstance(found.Type)!)
            : throw new ArgumentException($"'{name}' is not a scoring policy; known are {string.Join(", ", Names)}");

    private static SortedDictionary<string, (Type, string)> Find()
    {
        var known = new SortedDictionary<string, (Type, string)>(StringComparer.Ordinal);
        foreach (var type in typeof(IScoringPolicy).Assembly.GetTypes())
            if (Attribute.GetCustomAttribute(type, typeof(ScoringPolicyAttribute)) is ScoringPolicyAttribute named)
                known.Add(named.Name, (type, named.Description));
        return known;
    }
}

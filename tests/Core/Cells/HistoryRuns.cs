using Check = System.Func<System.Collections.Generic.IEnumerable<string>>;

namespace Stockpile.Core.Tests.Cells;

/// <summary>
/// The random histories, each run once with every property watching, as many at a time as there are processors. A
/// property that has objected in a history is not asked there again; the others go on.
/// </summary>
public sealed class HistoryRuns
{
    internal const int Histories = 40;

    private readonly Dictionary<string, List<string>> _complaints;
    private readonly Dictionary<string, Tally> _tallies;

    private HistoryRuns(IReadOnlyList<HistoryProperty> properties)
    {
        _complaints = properties.ToDictionary(p => p.Name, _ => new List<string>());
        _tallies = properties.ToDictionary(p => p.Name, p => new Tally(p.Outcomes));
    }

    /// <summary>The first complaint of each history, by property, those of lower seeds first.</summary>
    public IReadOnlyDictionary<string, List<string>> Complaints => _complaints;

    /// <summary>What each property has seen in all histories together.</summary>
    public IReadOnlyDictionary<string, Tally> Tallies => _tallies;

    /// <summary>Histories in which the core itself stopped.</summary>
    public List<string> Stops { get; } = [];

    public static HistoryRuns Of(IReadOnlyList<HistoryProperty> properties)
    {
        var lives = new Life[Histories];
        Parallel.For(0, Histories, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            i => lives[i] = new Life(i + 1, properties));
        var runs = new HistoryRuns(properties);
        foreach (var life in lives)
        {
            if (life.Stop is { } stop) runs.Stops.Add(stop);
            foreach (var watch in life.Watches)
            {
                if (watch.Complaint is { } complaint) runs._complaints[watch.Property.Name].Add(complaint);
                runs._tallies[watch.Property.Name].Add(watch.Tally);
            }
        }

        return runs;
    }

    /// <summary>Fails with the first, which names its history and its oracle, and with a line for each other.</summary>
    public static void Fail(IReadOnlyList<string> findings)
    {
        if (findings.Count == 0) return;
        Assert.Fail(string.Join("\nand ", findings.Skip(1).Select(f => f.Split('\n')[0]).Prepend(findings[0])));
    }

    private sealed class Watch(HistoryProperty property)
    {
        private Check? _check;

        public HistoryProperty Property { get; } = property;
        public Tally Tally { get; } = new(property.Outcomes);
        public string? Complaint { get; private set; }

        public void Begin(CellHistory history) => _check = Property.Watch(history, Tally);

        public void Ask(CellHistory history)
        {
            if (Complaint is not null) return;
            try
            {
                if (_check!().FirstOrDefault() is { } complaint) Object(complaint);
            }
            catch (Exception fault)
            {
                Object(fault.ToString());
            }

            void Object(string what) =>
                Complaint = $"history {history.Seed}, {Property.Name}: {what}\nin {history.Where()}";
        }
    }

    private sealed class Life
    {
        public Life(int seed, IReadOnlyList<HistoryProperty> properties)
        {
            var history = new CellHistory(seed);
            Watches = [.. properties.Select(p => new Watch(p))];
            foreach (var watch in Watches) watch.Begin(history);
            try
            {
                while (history.Step())
                    foreach (var watch in Watches)
                        watch.Ask(history);
            }
            catch (Exception broken)
            {
                Stop = $"history {seed}, the core stopped: {broken}\nin {history.Where()}";
            }
        }

        public List<Watch> Watches { get; }
        public string? Stop { get; }
    }
}

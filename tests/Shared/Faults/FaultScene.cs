namespace Stockpile.Tests.Shared.Faults;

/// <summary>Something that breaks, and what was promised for it.</summary>
/// <param name="Name">For command lines.</param>
/// <param name="Title">What happens, in words.</param>
/// <param name="Promise">What holds all the same, beside that nothing is lost and nothing happens twice.</param>
/// <param name="Happens">Breaks it, and waits until the cluster places work again where it was hit.</param>
internal sealed record Fault(string Name, string Title, string Promise, Func<FaultScene, Task> Happens)
{
    /// <summary>Most seconds to the first new placement that the promise allows; null: it names none.</summary>
    public double? GoalSeconds { get; init; }

    public bool NeedsNetwork { get; init; }

    public bool NeedsDisk { get; init; }

    /// <summary>Why it cannot happen in this lab; null: it can.</summary>
    public string? WhyNot(FaultLab lab) =>
        (NeedsNetwork && lab.Network is null) || (NeedsDisk && lab.Disk is null) ? lab.WhyNot : null;
}

/// <summary>What one fault did.</summary>
/// <param name="InFlight">Acknowledged jobs that waited or ran when it began.</param>
/// <param name="Acknowledged">Jobs acknowledged from its beginning until the cluster was whole again.</param>
/// <param name="Lost">Acknowledged jobs that the journal does not have under their id and key.</param>
/// <param name="Doubled">What the journal says happened twice, or was held beyond its whole.</param>
/// <param name="Told">Requests that were answered by a named 503 or 429 with Retry-After.</param>
/// <param name="FailedElsewhere">Requests that failed otherwise at processes that nobody had touched, by kind.</param>
/// <param name="FailedAtFaulted">The same at those that were broken: nobody can answer from there.</param>
/// <param name="PutOut">Members that nobody had touched and that the cluster put out all the same.</param>
/// <param name="RecoverSeconds">To the first new placement, for each blow; the longest of the cells hit.</param>
/// <param name="SlowestSeconds">The longest that a submission took to be acknowledged.</param>
/// <param name="Findings">What is not as promised, a line each.</param>
internal sealed record FaultRun(
    string Fault, DateTime At, int InFlight, int Acknowledged, int Lost, int Doubled, int Told,
    IReadOnlyDictionary<string, int> FailedElsewhere, int FailedAtFaulted, IReadOnlyList<string> PutOut,
    IReadOnlyList<double> RecoverSeconds, double SlowestSeconds, double WallSeconds, IReadOnlyList<string> Findings);

/// <summary>One fault while it happens: the lab, and what is measured and expected.</summary>
internal sealed class FaultScene(FaultLab lab, CancellationToken cancel)
{
    private readonly List<double> _recovered = [];
    private readonly List<string> _findings = [];
    private readonly Dictionary<string, long> _epochs = new(StringComparer.Ordinal);

    public FaultLab Lab { get; } = lab;

    public CancellationToken Cancel { get; } = cancel;

    /// <summary>When the last blow fell.</summary>
    public DateTime At { get; private set; }

    /// <summary>Lets a fault happen to a whole cluster under load, waits until it is whole again, and counts.</summary>
    public static async Task<FaultRun> RunAsync(FaultLab lab, Fault fault, CancellationToken cancel)
    {
        await lab.WholeAsync(cancel);
        var scene = new FaultScene(lab, cancel);
        await scene.ReadAsync();
        var ledger = lab.Tail.Ledger;
        lab.TakeEnded();
        var (inFlight, doubled) = (ledger.InFlight, ledger.Findings.Count);
        var (acknowledged, failed) = (lab.Load.Jobs.Count, lab.Load.Failed.Count);
        var began = DateTime.UtcNow;
        await fault.Happens(scene);
        await lab.WholeAsync(cancel);
        // What was under way when it became whole may still fail; it is counted.
        var jobs = lab.Load.Jobs.Skip(acknowledged).ToList();
        var failures = lab.Load.Failed.Skip(failed).ToList();
        // An acknowledgement comes after the row, so what is acknowledged by now is in what is read now.
        await scene.ReadAsync();
        var lost = lab.Lost(jobs);
        scene._findings.AddRange(ledger.Findings.Skip(doubled));
        scene._findings.AddRange(lost.Select(job => $"{job} was acknowledged and is lost"));
        scene._findings.AddRange(await lab.AuditAsync(cancel));
        var ended = lab.TakeEnded();
        foreach (var (member, code, said) in ended)
            scene.Expect(code == 1 && (said.Contains(Faults.PutOut, StringComparison.Ordinal)
                || said.Contains(Faults.Stranded, StringComparison.Ordinal)),
                $"{member.Name}, which nobody had touched, ended with {code}: {said}");
        var putOut = ended.Select(e => e.Member.Name).ToList();
        var elsewhere = failures.Where(f => !f.IsPromised && !f.AtFaulted && !putOut.Contains(f.Member)).ToList();
        scene._findings.AddRange(elsewhere.Take(5).Select(
            f => $"a request failed at {f.Member}, which nobody had touched: {f.Kind} {f.Detail}"));
        return new FaultRun(
            fault.Name, began, inFlight, jobs.Count, lost.Count,
            ledger.Findings.Count - doubled, failures.Count(f => f.IsPromised),
            elsewhere.CountBy(f => f.Kind).ToDictionary(c => c.Key, c => c.Value),
            failures.Count(f => !f.IsPromised) - elsewhere.Count, putOut, scene._recovered,
            jobs.Select(j => j.Took.TotalSeconds).DefaultIfEmpty().Max(), (DateTime.UtcNow - began).TotalSeconds,
            scene._findings);
    }

    /// <summary>Ends the load, and checks what must hold when everything is done.</summary>
    /// <returns>What does not, a line each.</returns>
    public static async Task<IReadOnlyList<string>> RestAsync(FaultLab lab, CancellationToken cancel)
    {
        const int RepeatedMax = 50;
        await lab.WholeAsync(cancel);
        await lab.Load.StopAsync(cancel);
        var scene = new FaultScene(lab, cancel);
        await lab.UntilAsync("every acknowledged job has ended", async () =>
        {
            await scene.ReadAsync();
            return lab.Tail.Ledger.InFlight == 0;
        }, () => $"{lab.Tail.Ledger.InFlight} are in flight", cancel);
        scene._findings.AddRange(lab.Lost(lab.Load.Jobs).Select(job => $"{job} was acknowledged and is lost"));
        scene._findings.AddRange(await lab.AuditAsync(cancel));
        using var listed = await lab.GetAsync(lab.Schedulers[1], "api/v1/jobs?limit=20000", cancel);
        var ids = listed!.RootElement.GetProperty("jobs").EnumerateArray()
            .Select(j => j.GetProperty("id").GetString()).ToHashSet();
        var newest = lab.Load.Jobs.TakeLast(5_000).ToList();
        scene._findings.AddRange(newest.Where(j => !ids.Contains(j.Id)).Select(j => $"{j.Id} is not listed"));
        var every = Math.Max(1, newest.Count / RepeatedMax);
        foreach (var job in newest.Where((_, i) => i % every == 0))
            if (await lab.Load.RepeatAsync(job, cancel) is var (status, id) && (status, id) != (HttpOk, job.Id))
                scene._findings.Add($"{job.Key} was {job.Id} and is now {status} {id}");
        return scene._findings;
    }

    private const System.Net.HttpStatusCode HttpOk = System.Net.HttpStatusCode.OK;

    /// <summary>The blow falls now, on these members.</summary>
    public void Begins(params IEnumerable<LabProcess> members)
    {
        foreach (var member in members) Lab.Fault(member);
        foreach (var cell in FaultLab.Cells) _epochs[cell] = Lab.Tail.Ledger.EpochOf(cell);
        At = DateTime.UtcNow;
    }

    /// <summary>Waits until each of the cells has placed work under a new owner; notes how long that took.</summary>
    public Task TakenOverAsync(IReadOnlyCollection<string> cells) =>
        PlacedAsync(cells, At, p => p.Epoch > _epochs[p.Cell]);

    /// <summary>Waits until each of the cells has placed work since then, and notes how long that took.</summary>
    public async Task PlacedAsync(
        IReadOnlyCollection<string> cells, DateTime since, Func<Placement, bool>? counts = null)
    {
        if (cells.Count > 0) _recovered.Add(await FirstAsync(cells, since, counts));
    }

    /// <summary>Waits until each of the cells has placed work since then.</summary>
    public Task GoesOnAsync(IReadOnlyCollection<string> cells, DateTime since) => FirstAsync(cells, since, null);

    private async Task<double> FirstAsync(
        IReadOnlyCollection<string> cells, DateTime since, Func<Placement, bool>? counts)
    {
        var first = new Dictionary<string, DateTime>(StringComparer.Ordinal);
        var from = Lab.Tail.Ledger.Placements.Count;
        // Rows of before the blow may not be read yet, and rows since may be read already.
        from = Math.Max(0, from - 2_000);
        await Lab.UntilAsync("work is placed again", async () =>
        {
            Lab.Supervise();
            await Lab.Tail.ReadAsync(Cancel);
            var all = Lab.Tail.Ledger.Placements;
            for (; from < all.Count; from++)
                if (all[from].At >= since && counts?.Invoke(all[from]) is not false)
                    first.TryAdd(all[from].Cell, all[from].At);
            return cells.All(first.ContainsKey);
        }, () => $"not in {string.Join(", ", cells.Where(c => !first.ContainsKey(c)))}", Cancel);
        return cells.Max(cell => first[cell] - since).TotalSeconds;
    }

    /// <summary>Waits until work that lost its node is placed again, wherever.</summary>
    public async Task ReplacedAsync()
    {
        DateTime? first = null;
        await Lab.UntilAsync("work of the lost nodes is placed again", async () =>
        {
            Lab.Supervise();
            await Lab.Tail.ReadAsync(Cancel);
            first = Lab.Tail.Ledger.Placements.FirstOrDefault(p =>
                p.At >= At && p.After?.StartsWith("node ", StringComparison.Ordinal) is true)?.At;
            return first is not null;
        }, () => "no cell did", Cancel);
        _recovered.Add((first!.Value - At).TotalSeconds);
    }

    /// <summary>Waits for the end of a process, which must end by itself, with this code and saying so.</summary>
    public async Task EndsAsync(LabProcess member, int exitCode, string says)
    {
        var code = await member.EndAsync(TimeSpan.FromSeconds(90), Cancel);
        Expect(code == exitCode, $"{member.Name} ended with {code} instead of {exitCode}: {member.Tail(5)}");
        // Its last lines may still be on their way through the pipe.
        for (var i = 0; i < 20 && !Says(); i++) await Task.Delay(50, Cancel);
        Expect(Says(), $"{member.Name} did not say '{says}': {member.Tail(5)}");

        bool Says() => member.Lines.TakeLast(200).Any(l => l.Contains(says, StringComparison.Ordinal));
    }

    public void Expect(bool holds, string otherwise)
    {
        if (!holds) _findings.Add(otherwise);
    }

    private async Task ReadAsync() => await Lab.UntilAsync(
        "the journal can be read", () => Lab.Tail.ReadAsync(Cancel), () => "the database does not answer", Cancel);
}

using System.Globalization;
using System.Text;
using Google.Protobuf;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Scheduler.Tests.Journal;

/// <summary>A row as a release wrote it.</summary>
internal sealed record KeptRow(long Number, int Serializer, string Manifest, byte[] Bytes);

/// <summary>
/// The journal of one release, <c>Journal/Releases/release-VERSION.txt</c>: its rows (number, serializer, manifest, hex
/// of the bytes), and after an empty line what it said the state was.
/// </summary>
internal sealed record JournalFile(IReadOnlyList<KeptRow> Rows, string Facts)
{
    public static string Folder { get; } = Path.Combine(Root(), "tests", "Scheduler", "Journal", "Releases");

    public static string PathOf(string version) => Path.Combine(Folder, $"release-{version}.txt");

    public static JournalFile Read(string path)
    {
        var parts = File.ReadAllText(path).ReplaceLineEndings("\n").Split("\n\n", 2);
        return new JournalFile([.. parts[0].Split('\n').Select(line => line.Split(' ')).Select(row => new KeptRow(
            long.Parse(row[0], CultureInfo.InvariantCulture), int.Parse(row[1], CultureInfo.InvariantCulture), row[2],
            Convert.FromHexString(row[3])))], parts[1]);
    }

    public static JournalFile Of(ReleaseLife life, StockpileSerializer serializer) => new(
        [.. life.Rounds.Select(round => round.ToWire()).Select(row => new KeptRow(
            row.Number, serializer.Identifier, serializer.Manifest(row), row.ToByteArray()))],
        FactsOf(life.State));

    public void Write(string path) => File.WriteAllText(path, string.Join('\n', Rows.Select(row =>
        $"{row.Number} {row.Serializer} {row.Manifest} {Convert.ToHexStringLower(row.Bytes)}")) + "\n\n" + Facts);

    /// <summary>What must not change: in words, so that a difference is a line. Facts that a later release adds to its
    /// state are not among them.</summary>
    public static string FactsOf(CellState state)
    {
        var text = new StringBuilder();
        Line($"cell {state.Cell} epoch {state.Epoch} round {state.RoundNumber} at {state.At:O} "
            + $"next job {state.NextJob} next allocation {state.NextSequence}");
        var counters = state.Counters;
        Line($"counted: submitted {counters.Submitted} placed {counters.Placed} completed {counters.Completed} "
            + $"cancelled {counters.Cancelled} failed {counters.Failed} requeued {counters.Requeued} "
            + $"preempted {counters.Preempted} forwarded {counters.Forwarded} adopted {counters.Adopted} "
            + $"allocations {counters.Allocations} migrations {counters.Migrations}");
        foreach (var (tier, use) in state.Usage.Tiers)
            Line($"tier {tier}: device-ms {use.DeviceMs:0} training {use.TrainingMs:0} inference {use.InferenceMs:0} "
                + $"batch {use.BatchMs:0} guests {use.GuestMs:0}");
        foreach (var (generation, count) in state.Generations) Line($"generation {generation}: {count}");
        foreach (var node in state.Nodes)
            Line($"node {node.Id} {node.Admitted.Model} incarnation {node.Admitted.Incarnation} lost {node.Lost} "
                + $"draining {node.Draining} by {node.DrainBy:O} free {node.FreeDevices}: {node.Reason}");
        foreach (var job in state.Jobs.Values.OrderBy(j => j.Number))
            Line($"job {job.Number} '{job.Key}' {job.Origin} {job.Spec.Kind} {job.Spec.Name} {job.Phase} "
                + $"submitted {job.SubmittedAt:O} started {job.StartedAt:O} ended {job.CompletedAt:O} "
                + $"done {job.Done:R} replicas {job.Replicas} requeues {job.Requeues} moves {job.Moves} "
                + $"to {job.ForwardedTo}: {job.Reason}");
        foreach (var allocation in state.Allocations.Values.OrderBy(a => a.Sequence))
            Line($"allocation {allocation.Sequence} of job {allocation.Job.Number} on {allocation.Node.Id} "
                + $"devices {allocation.DeviceMask:x} share {allocation.ShareMilli} task {allocation.Placed.Task} "
                + $"guest {allocation.Guest} started {allocation.StartedAt:O}");
        Line($"allocations {AllocationsHash.Of(state)}");
        return text.ToString();

        // The programs and their tests run in the invariant culture.
        void Line(string line) => text.Append(line).Append('\n');
    }

    /// <summary>The files are read from the sources, not from a copy, so that a missing one is noticed.</summary>
    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Stockpile.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no Stockpile.slnx above the tests");
    }
}

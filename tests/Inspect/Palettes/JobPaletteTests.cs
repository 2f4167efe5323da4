using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Inspect.Tests.Palettes;

public sealed class JobPaletteTests
{
    private readonly PaletteBench _bench = new();

    [Fact]
    public async Task Jobs_are_listed_with_their_size_and_what_was_left_out_is_counted()
    {
        for (var i = 1; i <= 3; i++) _bench.Gateway.Jobs.Add(PaletteBench.Job($"north-{i}"));
        var answer = await _bench.RunAsync("job", "list",
            ("state", "running"), ("kind", "training"), ("tenant", "a"), ("cell", "north"), ("limit", "2"));
        Assert.Equal(new JobFilter("running", "training", "a", "north", 2), _bench.Gateway.LastJobFilter);
        Assert.Equal(
            [
                "job     | name | kind     | tenant  | priority | state   | cell  | size | progress | submitted",
                "north-1 | gang | training | default | normal   | running | north |   16 |    25.0% "
                    + "| 2024-05-01 12:00:00",
                "north-2 | gang | training | default | normal   | running | north |   16 |    25.0% "
                    + "| 2024-05-01 12:00:00",
                "Count: 2 of 3 jobs; --cursor 1714564800000.north-2 shows the next",
            ],
            answer.Lines);
        Assert.Equal("""{"count":2,"total":3,"next":"1714564800000.north-2"}""", answer.Json.Last());
    }

    [Theory]
    [InlineData("state", "done",
        "state is 'done'; allowed: pending, idle, placed, running, completed, cancelled, failed")]
    [InlineData("kind", "Training", "kind is 'Training'; allowed: training, inference, batch")]
    [InlineData("tenant", "-", "tenant is '-'; allowed: 1 to 128 letters")]
    public async Task A_wrong_filter_is_refused_and_never_asked(string argument, string value, string line)
    {
        Assert.StartsWith(
            line, await _bench.RefusedAsync("job", "list", (argument, value)), StringComparison.Ordinal);
        Assert.Null(_bench.Gateway.LastJobFilter);
    }

    [Fact]
    public async Task A_job_is_shown_with_its_allocations_and_without_fields_that_say_nothing()
    {
        _bench.Gateway.Jobs.Add(
            PaletteBench.Job("north-1", change: j => j.Allocations.Add(PaletteBench.Allocation())));
        var answer = await _bench.RunAsync("job", "show", ("id", "north-1"));
        Assert.Equal("job       | north-1", answer.Lines[0]);
        Assert.Contains("work      | 4 device-hours on a reference device", answer.Lines);
        Assert.DoesNotContain(answer.Lines, l => l.StartsWith("reason", StringComparison.Ordinal));
        Assert.Equal("north-1.7  | n1   | H800  | frontier | running |    0 |       2 | 0,1 |", answer.Lines[^1]);
        Assert.Single(answer.Json);
    }

    [Fact]
    public async Task Why_names_the_reason_and_what_each_model_is_short_of()
    {
        var why = new WhyReply { Job = PaletteBench.Job("north-1", "pending"), Reason = "no room", AheadInQueue = 3 };
        why.Alternatives.Add(new WhyAlternative
        {
            Model = "H800", Tier = "frontier", Guest = true, Nodes = 2, Devices = 16, FreeDevices = 5, UsedDevices = 11,
            NodesShortOfDevices = 1, NodesWithoutLabels = 1, Verdict = "11 devices short",
        });
        (why.Outcome, why.OutcomeReason) = ("held-back", "devices wait for north-9");
        why.Stays = "it goes to the first of them";
        why.Elsewhere.Add(new WhyElsewhere { Cell = "top", Verdict = "it would wait there too" });
        _bench.Gateway.Why = why;
        var answer = await _bench.RunAsync("job", "why", ("id", "north-1"));
        Assert.Equal(
            [
                "job    | north-1 (gang)",
                "state  | pending",
                "reason | no room",
                "tried  | last in the round at 1970-01-01 00:00:00: held back, because devices wait for north-9",
                "ahead  | 3 in the queue",
                "start  | nothing that runs gives back enough in sight",
                "stays  | it goes to the first of them",
                "other cell | verdict",
                "top        | it would wait there too",
                "model | tier     | as    | nodes | devices | free | by guests | used | own | of lower | away | fits "
                    + "| start | nodes short of      | verdict",
                "H800  | frontier | guest |     2 |      16 |    5 |         0 |   11 |   0 |        0 |    0 |    0 "
                    + "|       | devices 1, labels 1 | 11 devices short",
            ],
            answer.Lines);
        Assert.Single(answer.Json);
    }

    [Fact]
    public async Task A_history_is_a_line_an_event_and_none_is_no_such_job()
    {
        Assert.Equal("there is no job north-1", await _bench.RefusedAsync("job", "history", ("id", "north-1")));
        _bench.Gateway.Events.Add(new HistoryEntry(
            new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero), "north", 1, 5, "JobPlaced",
            "16 devices on n1, n2"));
        var answer = await _bench.RunAsync("job", "history", ("id", "north-1"));
        Assert.Equal("2026-05-01 00:00:00 | north |     5 | JobPlaced | 16 devices on n1, n2", answer.Lines[1]);
        Assert.Equal("Count: 1 event", answer.Lines[^1]);
    }

    [Fact]
    public async Task A_job_is_cancelled_once_and_an_ended_one_is_refused_in_the_words_of_the_cell()
    {
        _bench.Gateway.Jobs.Add(PaletteBench.Job("north-1"));
        _bench.Gateway.Jobs.Add(PaletteBench.Job("north-2", "completed"));
        var answer = await _bench.RunAsync("job", "cancel", ("id", "north-1"));
        Assert.Equal(["north-1 (gang) is cancelled"], answer.Lines);
        Assert.Equal("north-2 is completed already", await _bench.RefusedAsync("job", "cancel", ("id", "north-2")));
    }

    [Theory]
    [InlineData("show")]
    [InlineData("why")]
    [InlineData("cancel")]
    public async Task What_is_no_id_and_an_id_of_nothing_are_refused_alike(string command)
    {
        Assert.Equal("there is no job nonsense", await _bench.RefusedAsync("job", command, ("id", "nonsense")));
        Assert.Equal("there is no job north-9", await _bench.RefusedAsync("job", command, ("id", "north-9")));
    }

    [Fact]
    public async Task What_users_name_their_things_breaks_no_line()
    {
        _bench.Gateway.Jobs.Add(PaletteBench.Job("north-1", change: j => j.Spec.Name = "a\nb\u001b[31m"));
        var answer = await _bench.RunAsync("job", "list");
        Assert.All(answer.Lines, l => Assert.DoesNotContain(l, char.IsControl));
    }
}

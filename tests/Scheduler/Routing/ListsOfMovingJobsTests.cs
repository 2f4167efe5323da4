using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Mapping;
using Stockpile.Scheduler.Routing;
using CoreRound = Stockpile.Core.State.RoundWriter;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>
/// The answers of cells to one question are apart, and jobs go from one cell to another meanwhile: no list hides one,
/// and none has one twice.
/// </summary>
public sealed class ListsOfMovingJobsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SortedDictionary<string, CellState> _cells = new(StringComparer.Ordinal);
    private DateTimeOffset _now = Start;

    public ListsOfMovingJobsTests()
    {
        foreach (var cell in new[] { "north", "south", "west" })
        {
            _cells.Add(cell, new CellState(cell, SmallCluster.Catalog, SmallCluster.Policy));
            Run(cell, new AdmitNode(new NodeAdmitted(
                $"{cell}-node", "host", 1, "H800", 8, 128_000, 1 << 20, new Dictionary<string, string>()), []));
        }
    }

    /// <summary>Where the job is told is said too: by its new cell, if that tells it.</summary>
    [Theory]
    [InlineData("south move north", "north")]
    [InlineData("north move south", "north or south")]
    [InlineData("move north south", "south")]
    [InlineData("move south north", "south")]
    [InlineData("south move on north", "west")]
    [InlineData("west move on south north", "north or south")]
    public async Task A_job_on_its_way_is_told_once_whoever_answers_first(string order, string where)
    {
        Submit("north", 4);
        Submit("south", 3);
        _now = Start.AddHours(1);
        var answers = new Dictionary<string, JobsReply>();
        foreach (var step in order.Split(' ').Append("west"))
            switch (step)
            {
                case "move": Move("north", 2, "south"); break;
                case "on": Move("south", 4, "west"); break;
                default: answers.TryAdd(step, Answer(step)); break;
            }

        var list = await MergeAsync(AllJobs, answers.Values);

        Assert.Equal(7, list.Jobs.Count);
        Assert.Equal(7, list.Jobs.Select(j => j.Id).Distinct().Count());
        Assert.Equal(7, list.Total);
        Assert.Equal(list.Jobs.Select(ListPages.PlaceOf).Order(), list.Jobs.Select(ListPages.PlaceOf));
        var moved = Assert.Single(list.Jobs, j => j.Id == "north-2");
        Assert.Contains(moved.Cell, where, StringComparison.Ordinal);
        Assert.Equal(("pending", 0), (moved.State, moved.CompletedAtMs));

        JobsReply Answer(string cell) => Ask(ListPages.Question(AllJobs, cell, null, AllJobs.Limit));
    }

    /// <summary>The last row of a page is the last of its reply, and the cell has more.</summary>
    [Fact]
    public async Task A_page_that_one_cell_fills_to_the_row_names_the_total_of_the_list()
    {
        Submit("north", 9);
        var page = AllJobs with { Limit = 4 };

        var list = await MergeAsync(page, FirstAnswers(page));

        Assert.Equal((4, 9, true), (list.Jobs.Count, list.Total, list.More));
    }

    /// <summary>The rest of a full reply is asked for later than the replies of the other cells.</summary>
    [Fact]
    public async Task Jobs_that_go_before_the_rest_of_a_reply_is_asked_for_are_told()
    {
        Submit("north", 9_000, new string('j', 100));
        Submit("south", 3);
        var goes = 0L;

        var list = await MergeAsync(AllJobs, FirstAnswers(AllJobs), question =>
        {
            if (goes == 0) for (goes = 1; goes <= 20; goes++) Move("north", goes, "south");
            return Ask(question);
        });

        Assert.Equal(21, goes);
        Assert.Equal(9_003, list.Jobs.Select(j => j.Id).Distinct().Count());
        Assert.Equal(9_003, list.Jobs.Count);
        Assert.Equal(9_003, list.Total);
        Assert.False(list.More);
    }

    [Fact]
    public async Task Nothing_is_told_twice_or_left_out_on_the_pages_after_it()
    {
        Submit("north", 9);
        Submit("south", 4);
        var seen = new List<string>();
        JobPlace? after = null;
        do
        {
            var filter = AllJobs with { Limit = 2, After = after };
            // The target answers, a job goes, and the source answers.
            var target = Ask(ListPages.Question(filter, "south", after, 2));
            if (_cells["north"].NextJob - seen.Count - 1 is > 0 and var next) Move("north", next, "south");
            var page = await MergeAsync(filter, [target, Ask(ListPages.Question(filter, "north", after, 2))]);
            seen.AddRange(page.Jobs.Select(j => j.Id));
            after = JobPlace.TryParse(page.Next(), out var place) ? place : null;
        }
        while (after is not null);

        Assert.Equal(13, seen.Distinct().Count());
        Assert.Equal(13, seen.Count);
    }

    /// <summary>It runs where it is, and a list of what waits must not say for a minute that it waits.</summary>
    [Fact]
    public async Task A_list_of_one_state_shows_only_those_that_went_while_it_was_read()
    {
        Submit("north", 3);
        Move("north", 1, "south");
        var round = new CoreRound(_cells["south"], _now);
        SchedulingCycle.Run(_cells["south"], round);
        Assert.Equal(JobPhase.Placed, _cells["south"].FindJob(1)!.Phase);
        var pending = AllJobs with { State = "pending" };

        _now += TimeSpan.FromSeconds(20);
        var target = Ask(ListPages.Question(pending, "south", null, 100));
        Move("north", 2, "west");
        _now += TimeSpan.FromSeconds(4);
        var source = Ask(ListPages.Question(pending, "north", null, 100));
        var list = await MergeAsync(pending, [target, source], since: TimeSpan.FromSeconds(5));

        Assert.Equal("north-3 north-2", string.Join(' ', list.Jobs.Select(j => j.Id)));
        Assert.Equal(2, list.Total);
        Assert.Equal("goes to cell west", list.Jobs[1].Reason);
    }

    [Fact]
    public async Task The_list_of_one_cell_has_none_that_left_it_and_a_router_of_before_is_told_none()
    {
        Submit("north", 3);
        Move("north", 2, "south");
        var north = AllJobs with { Cell = "north" };
        var list = await MergeAsync(north, [Ask(ListPages.Question(north, "north", null, 100))]);
        Assert.Equal("north-3 north-1", string.Join(' ', list.Jobs.Select(j => j.Id)));
        Assert.Equal(2, Ask(new ListJobs { Cell = "north", Limit = 100 }).Jobs.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(600)]
    public async Task A_cell_tells_those_that_went_for_a_minute_however_fast_simulated_time_runs(double speed)
    {
        var cluster = new SmallCluster(speed: speed);
        cluster.AddCell("north", SmallCluster.Nodes("n", 1, "H800"));
        cluster.Submit(SmallCluster.Gang());
        cluster.Submit(SmallCluster.Gang());
        cluster.AddCell("south", SmallCluster.Nodes("s", 1, "H800"));
        cluster.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(JobPhase.Forwarded, cluster.StateOf("north").FindJob(2)!.Ended);

        var row = Assert.Single(await ToldAsync(), j => j.ForwardedTo == "south");
        Assert.Equal("north-2", row.Id);
        Assert.InRange(row.ForwardedMsAgo, 1, 10_000);
        cluster.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal("north-1", Assert.Single(await ToldAsync()).Id);

        async Task<List<JobView>> ToldAsync()
        {
            var answer = ((IRouterPorts)cluster).Ask(
                new ListJobs { Cell = "north", Departed = true }, TimeSpan.FromSeconds(1));
            cluster.Settle();
            return [.. ((JobsReply)await answer).Jobs];
        }
    }

    private static JobFilter AllJobs => new(null, null, null, null, 20_000);

    private void Run(string cell, CellCommand command) =>
        Assert.IsType<Accepted>(new CoreRound(_cells[cell], _now).Run(command));

    /// <summary>Of one instant, so a job's number says its place.</summary>
    private void Submit(string cell, int jobs, string name = "job")
    {
        for (var i = 0; i < jobs; i++)
            Run(cell, new SubmitJob("", new JobSpec
            {
                Name = name, Kind = JobKind.Training, Devices = 8, WorkHours = 8, Models = ["H800"],
            }));
    }

    private void Move(string from, long number, string to)
    {
        var job = _cells[from].FindJob(number)!;
        var id = _cells[from].NameOf(job);
        Run(to, new AdoptJob(id, job.Spec, job.SubmittedAt, Done: 0, Requeues: 0));
        Run(from, new ForwardJob(number, to, Done: 0, Requeues: 0));
        if (to == "south") Run(to, new SettleAdoption(id, Confirmed: true, Done: 0, Requeues: 0));
    }

    private IEnumerable<JobsReply> FirstAnswers(JobFilter filter) =>
        _cells.Keys.Select(cell => Ask(ListPages.Question(filter, cell, filter.After, filter.Limit)));

    private JobsReply Ask(ICellMessage question) =>
        CellMapping.Jobs(_cells[question.Cell], (ListJobs)question, at => _now - at);

    private Task<JobsReply> MergeAsync(
        JobFilter filter, IEnumerable<JobsReply> first, Func<ICellMessage, JobsReply>? ask = null,
        TimeSpan since = default) =>
        ListPages.MergeAsync(filter, [.. first], q => Task.FromResult((ask ?? Ask)(q)), () => since);
}

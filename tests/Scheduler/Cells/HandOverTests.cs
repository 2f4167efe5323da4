using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Time.Testing;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>What a home says when another cell tells that it has taken a job.</summary>
public sealed class HandOverTests : Akka.TestKit.Xunit.TestKit
{
    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));

    private readonly Ports _ports = new();
    private readonly CellEngine _home;

    public HandOverTests() : base("akka.loglevel = OFF")
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);
        _ports.Cells = TestActor;
        _home = new CellEngine(
            "north", new CellOptions(Catalog, policy, clock, clock), NoLogger.Instance, _ports);
        _home.Begin();
        _home.Receive(new AdvertiseNodes
        {
            Cell = "north", Host = "h1",
            Nodes = { new NodeAdvert { Node = "n1", Incarnation = 1, Model = "H800", Devices = 8, CpuMilli = 64_000 } },
        }, ActorRefs.Nobody);
        for (var i = 0; i < 2; i++)
            _home.Receive(new SubmitJobs
            {
                Cell = "north",
                Jobs =
                {
                    new Submission
                    {
                        Key = $"k{i}",
                        Spec = new JobSpec
                        {
                            Name = "gang", Kind = JobKind.Training, Devices = 8, WorkHours = 8,
                        }.ToWire(),
                    },
                },
            }, ActorRefs.Nobody);
        Assert.Equal((1, 1), (_home.State.Allocations.Count, _home.State.Queue.Count(JobKind.Training)));
    }

    [Fact]
    public async Task The_word_that_a_waiting_job_was_taken_lets_go_of_it_and_of_a_running_one_does_not()
    {
        Taken(number: 2);
        Assert.True((await AnswerAsync()).Confirmed);
        Taken(number: 1);
        Assert.False((await AnswerAsync()).Confirmed);
    }

    /// <summary>Only an owner that was replaced knows less than another cell: its denial would drop a job that its
    /// successor has let go of.</summary>
    [Fact]
    public async Task An_owner_that_knows_less_than_the_other_cell_is_silent()
    {
        Taken(number: 3);
        Taken(number: 2, requeues: 1);
        Taken(number: 2, done: 0.5);
        await ExpectNoMsgAsync(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        Taken(number: 2);
        Assert.True((await AnswerAsync()).Confirmed);
    }

    private void Taken(long number, double done = 0, int requeues = 0) => _home.Receive(
        new OfferTaken { Cell = "north", Number = number, By = "south", Done = done, Requeues = requeues },
        ActorRefs.Nobody);

    private async Task<SettleOffer> AnswerAsync() =>
        await ExpectMsgAsync<SettleOffer>(cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>A journal that writes at once, and other cells that are a probe.</summary>
    private sealed class Ports : ICellPorts
    {
        public IActorRef Self => ActorRefs.Nobody;

        public IActorRef Cells { get; set; } = ActorRefs.Nobody;

        public IActorRef Desks => ActorRefs.Nobody;

        public Address Member { get; } = new("akka", "test");

        public void Persist(RoundCommitted round, Action whenDurable) => whenDurable();

        public void SaveSnapshot(CellSnapshot snapshot)
        {
        }

        public void Publish(CellView digest)
        {
        }

        public void Stop()
        {
        }
    }
}

using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Routing;
using Stockpile.Simulation.Tests.Cells;
using Stockpile.Simulation.Tests.Invariants;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Clients;

/// <summary>
/// Users: they submit with keys, do not hear the answer and submit again elsewhere, repeat old submissions, reuse keys
/// for other jobs, cancel, ask, and take nodes out and in. One that was not answered comes again until it is.
/// </summary>
public sealed class SimClients : SimProcess
{
    private readonly SimCluster _cluster;
    private readonly JobMaker _jobs;
    private readonly List<Request> _requests = [];
    private readonly HashSet<string> _drained = new(StringComparer.Ordinal);
    private readonly TimeSpan _pause;
    private int _keys;

    private sealed class Request
    {
        public required string Key { get; init; }
        public required JobSpec Spec { get; init; }
        public string Job { get; set; } = "";
        public bool Refused { get; set; }
        public bool CancelWanted { get; set; }
        public bool Cancelled { get; set; }
        public bool UnderWay { get; set; }
        public bool Found { get; set; }
    }

    public SimClients(SimCluster cluster) : base(cluster.World, "clients", 2)
    {
        _cluster = cluster;
        _jobs = new JobMaker(World.Random);
        _pause = World.Between(0.15, 0.6);
        After(SimCluster.WarmUp, "clients begin", Act);
    }

    public bool AllAnswered => _requests.TrueForAll(r => !r.UnderWay && (r.Refused || r.Job.Length > 0));

    private bool IsTooMuch => _cluster.Ledger.Jobs.Values.Count(j => !j.Ended) > 60;

    private void Act()
    {
        if (World.Calm) return;
        After(World.Between(0.2, 1.8) * _pause.TotalSeconds, "client", Act);
        switch (World.Random.Next(20))
        {
            case < 9 when !IsTooMuch: Submit(); break;
            case < 12: Repeat(); break;
            case 12: Conflict(); break;
            case < 15: Cancel(); break;
            case 15: Together(); break;
            case 16: Drain(); break;
            case 17: ResumeOne(); break;
            default: Look(); break;
        }
    }

    private void Submit()
    {
        var request = new Request { Key = SimCluster.NextKey("key-", ref _keys), Spec = _jobs.Next() };
        _requests.Add(request);
        Send(request);
    }

    private void Send(Request request)
    {
        request.UnderWay = true;
        Post(new RouterEngine.Submit([Wire(request)], SubmitMode.Each), reply =>
        {
            request.UnderWay = false;
            if (reply is SubmitJobsReply { Results: [var result] }) Take(request, result);
            if (request is { Refused: false, Job: "" } && !request.UnderWay)
                After(World.Between(0.5, 3), "client comes again", () =>
                {
                    if (!request.UnderWay && request is { Refused: false, Job: "" }) Send(request);
                });
        });
    }

    private void Take(Request request, SubmitResult result)
    {
        if (result.Refusal is { } no)
        {
            if (no.Code is Refusal.Busy or Refusal.Unavailable or Refusal.Withheld) return;
            World.Count($"refused {no.Code}");
            if (request.Job.Length > 0)
            {
                World.Fail(
                    Invariant.NeverGone, $"{request.Job} was acknowledged; its repetition is refused: {no.Message}");
            }

            request.Refused = true;
            return;
        }

        World.Count(result.Repeated ? "acknowledged again" : "acknowledged");
        _cluster.Ledger.MustBeDurable(result.Job);
        if (request.Job.Length > 0 && request.Job != result.Job.Id)
            World.Fail(Invariant.OneJobPerKey, $"the key {request.Key} was {request.Job} and is {result.Job.Id} now");
        request.Job = result.Job.Id;
    }

    /// <summary>An answered request, again: by another process, or after a restart of everything.</summary>
    private void Repeat()
    {
        if (_requests.Count > 0 && World.Pick(_requests) is { UnderWay: false } request) Send(request);
    }

    private void Conflict()
    {
        if (_requests.Count == 0 || World.Pick(_requests) is not { Job.Length: > 0 } request) return;
        var other = new Submission { Key = request.Key, Spec = _jobs.Next().ToWire() };
        Post(new RouterEngine.Submit([other], SubmitMode.Each), reply =>
        {
            if (reply is not SubmitJobsReply { Results: [var result] }) return;
            if (result.Job is { } job)
                World.Fail(Invariant.OneJobPerKey, $"key {request.Key} of {request.Job} was given to {job.Id}, too");
            if (result.Refusal.Code == Refusal.KeyConflict) World.Count("key conflict");
        });
    }

    /// <summary>Several jobs, all or nothing.</summary>
    private void Together()
    {
        if (IsTooMuch) return;
        var requests = Enumerable.Range(0, World.Random.Next(2, 4))
            .Select(_ => new Request
            {
                Key = SimCluster.NextKey("key-", ref _keys), Spec = _jobs.Next(), UnderWay = true,
            }).ToList();
        _requests.AddRange(requests);
        var mode = World.Roll(0.2) ? SubmitMode.DryRun : SubmitMode.AllOrNothing;
        Post(new RouterEngine.Submit([.. requests.Select(Wire)], mode), reply =>
        {
            foreach (var (index, request) in requests.Index())
            {
                request.UnderWay = false;
                if (mode != SubmitMode.DryRun && reply is SubmitJobsReply all) Take(request, all.Results[index]);
                if (request is { Refused: false, Job: "" }) Send(request);
            }
        });
    }

    private void Cancel()
    {
        if (_requests.Count == 0) return;
        if (World.Pick(_requests) is not { Job.Length: > 0, CancelWanted: false } request) return;
        SendCancel(request);
    }

    /// <summary>Services never end by themselves.</summary>
    public void CancelServices()
    {
        foreach (var request in _requests.Where(r => r is { Job.Length: > 0, Cancelled: false, CancelWanted: false }))
            if (_cluster.Ledger.Jobs[request.Job] is { Ended: false, Spec.Kind: JobKind.Inference })
                SendCancel(request);
    }

    private void SendCancel(Request request)
    {
        request.CancelWanted = true;
        var id = IdOf(request);
        AskJob(id, id.Cell, "", stops: 0);

        // A job that moves on while it is asked for is looked for again from its home.
        void AskJob(JobId job, string cell, string origin, int stops) => Post(
            new RouterEngine.ToCell(new CancelJob { Cell = cell, Number = job.Number, Origin = origin }), reply =>
            {
                if (reply is JobReply { Job: { ForwardedTo.Length: > 0 } moved } && stops < 10)
                    AskJob(job, moved.ForwardedTo, request.Job, stops + 1);
                else if (reply is JobReply { Job.State: "cancelled" })
                {
                    World.Count("cancel acknowledged");
                    request.Cancelled = true;
                }
                else if (reply is not JobReply { Refusal.Code: Refusal.Ended })
                    After(World.Between(1, 3), "client cancels again",
                        () => AskJob(job, job.Cell, "", stops: 0));
            });
    }

    private void Drain()
    {
        if (_drained.Count >= 2) return;
        var node = World.Pick(_cluster.Fleet.Nodes.ToList());
        _drained.Add(node.Id);
        Post(new RouterEngine.ToCell(new DrainNode
        {
            Cell = node.Cell,
            Node = node.Id,
            DeadlineMs = World.Roll(0.5) ? World.Random.Next(1, 20) * 60_000 : 0,
            Cordon = World.Roll(0.2),
        }), static _ => { });
    }

    private void ResumeOne()
    {
        foreach (var node in _drained.Take(1).ToList()) Resume(node);
    }

    public void ResumeAll()
    {
        foreach (var node in _cluster.Fleet.Nodes) Resume(node.Id);
    }

    private void Resume(string node)
    {
        var cell = _cluster.Fleet.Nodes.First(n => n.Id == node).Cell;
        Post(new RouterEngine.ToCell(new ResumeNode { Cell = cell, Node = node }), reply =>
        {
            if (reply is NodeReply { Refusal: null } or NodeReply { Refusal.Code: Refusal.NotFound })
                _drained.Remove(node);
            else if (World.Calm) After(TimeSpan.FromSeconds(2), "client resumes again", () => Resume(node));
        });
    }

    private void Look()
    {
        switch (World.Random.Next(4))
        {
            case 0:
                Post(
                    new RouterEngine.ToCells(null, name => new ListJobs { Cell = name, Limit = 100 }),
                    static _ => { });
                break;
            case 1:
                var node = World.Pick(_cluster.Fleet.Nodes.ToList());
                var fault = World.Pick(["fail", "slow", "recover", "recover"]);
                Post(new RouterEngine.ToCell(new FaultNode
                    { Cell = node.Cell, Node = node.Id, Fault = fault, Factor = 3 }), static _ => { });
                World.Count($"fault {fault} asked for");
                break;
            default:
                if (_requests.Count == 0 || World.Pick(_requests) is not { Job.Length: > 0 } request) return;
                var id = IdOf(request);
                Post(new RouterEngine.ToCell(new GetJob { Cell = id.Cell, Number = id.Number }), reply =>
                {
                    // From an owner that was replaced and does not know it yet: it can tell what was, no more.
                    if (reply is JobReply { Refusal.Code: Refusal.NotFound }) World.Count("stale answer");
                });
                break;
        }
    }

    /// <summary>Asks for every job that was acknowledged, until each was found.</summary>
    public bool FindsAll()
    {
        foreach (var request in _requests.Where(r => r is { Job.Length: > 0, Found: false, UnderWay: false }))
        {
            request.UnderWay = true;
            var id = IdOf(request);
            Post(new RouterEngine.ToCell(new GetJob { Cell = id.Cell, Number = id.Number }), reply =>
            {
                request.UnderWay = false;
                if (reply is JobReply { Refusal: { Code: Refusal.NotFound } no })
                    World.Fail(Invariant.NeverGone, $"{request.Job} was acknowledged, and now: {no.Message}");
                request.Found = reply is JobReply { Job: { } job } && job.Id == request.Job;
            });
        }

        return _requests.TrueForAll(r => r.Found || r.Refused);
    }

    /// <summary>One request to one scheduler; the answer may be null, when none came in time.</summary>
    private void Post(object request, Action<object?> then)
    {
        var to = World.Pick(_cluster.Schedulers);
        var answered = false;
        if (to.Up)
            World.Network.Transmit(this, to, "request", request, body => to.Ask(body, reply =>
                World.Network.Transmit(to, this, "response", reply, answer =>
                    Answer(answer is Status.Failure ? null : answer))));
        After(World.Between(4, 16), "client gives up", () =>
        {
            if (!answered) World.Count("client without an answer");
            Answer(null);
        });

        void Answer(object? answer)
        {
            if (answered) return;
            answered = true;
            then(answer);
        }
    }

    private static JobId IdOf(Request request) =>
        JobId.TryParse(request.Job, out var id) ? id : throw new InvalidOperationException($"{request.Job} is no id");

    private static Submission Wire(Request request) => new() { Key = request.Key, Spec = request.Spec.ToWire() };
}

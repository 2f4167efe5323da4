using Akka.Actor;
using Stockpile.Core.Fleets;
using Stockpile.Node.Devices;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Hosts;

/// <summary>What a host knows of one of its nodes.</summary>
public sealed class NodeLink(NodeSpec spec, string tier, long incarnation)
{
    // Replies older than this many adverts are lost, not late.
    private const int StaleRepliesMax = 3;

    private int _advertsOut;
    private int _repliesToSkip;
    private int _refusedBeats;
    private string _refusal = "";
    private bool _wasAdmitted;

    public NodeSpec Spec { get; } = spec;

    /// <summary>Null while it has no actor.</summary>
    public IActorRef? Actor { get; set; }

    /// <summary>The last one its actor had, or the one it will start with.</summary>
    public long Incarnation { get; private set; } = incarnation;

    public bool IsUp { get; private set; }

    /// <summary>The cell has not yet admitted what it advertised last.</summary>
    public bool IsUnanswered { get; private set; }

    /// <summary>What to send with the next flush; null: nothing.</summary>
    public NodeAdvertised? ToSend { get; private set; }

    /// <summary>What it runs, so that a beat can tell the progress without asking it.</summary>
    public Dictionary<long, RunningWork> Running { get; } = [];

    /// <summary>What was told to leave and is about to end.</summary>
    public HashSet<long> Draining { get; } = [];

    /// <summary>The cell wants to hear of it again.</summary>
    public void AskToAdvertise()
    {
        if (!IsUp) return;
        IsUnanswered = true;
        Actor?.Tell(Advertise.Instance, ActorRefs.NoSender);
    }

    public void Advertised(NodeAdvertised advert)
    {
        // A beat asked for it, and the answer to the one before came meanwhile.
        if (IsUp && !IsUnanswered && advert.Incarnation == Incarnation) return;
        // Replies still under way belong to the adverts of the one before, and taken for an answer they would leave
        // the new incarnation unknown to the cell. An older scheduler's replies name no incarnation: those are counted.
        if (advert.Incarnation != Incarnation) SkipRepliesUnderWay();
        Incarnation = advert.Incarnation;
        IsUp = true;
        IsUnanswered = true;
        _refusedBeats = 0;
        ToSend = advert;
    }

    public void Failed()
    {
        IsUp = false;
        IsUnanswered = false;
        ToSend = null;
        Running.Clear();
        Draining.Clear();
    }

    /// <summary>Its actor is gone; the next one starts with the next incarnation.</summary>
    public void ActorGone()
    {
        Failed();
        Actor = null;
        SkipRepliesUnderWay();
        Incarnation++;
    }

    /// <param name="incarnation">Of the advert that is answered; 0: the scheduler does not say.</param>
    public void Admitted(long incarnation)
    {
        if (!IsAnswer(incarnation)) return;
        IsUnanswered = false;
        _wasAdmitted = true;
        _refusal = "";
    }

    /// <param name="incarnation">As for <see cref="Admitted"/>.</param>
    /// <param name="retryBeats">Beats until it asks again.</param>
    /// <param name="known">The newer incarnation that the cell knows; 0: that was not the reason.</param>
    public void Refused(long incarnation, int retryBeats, long known)
    {
        if (!IsAnswer(incarnation)) return;
        _refusedBeats = retryBeats;
        // The process before had a clock that was ahead. One that was admitted already has been replaced meanwhile,
        // and must not take the node back.
        if (known >= Incarnation && !_wasAdmitted)
            Actor?.Tell(new RaiseIncarnation(known + 1), ActorRefs.NoSender);
    }

    /// <summary>The cell has not said so before since it admitted the node; it repeats itself at each advert.</summary>
    public bool IsNewRefusal(string message)
    {
        if (_refusal == message) return false;
        _refusal = message;
        return true;
    }

    /// <summary>One beat passes; true when the node is to advertise again.</summary>
    public bool IsDueOnBeat() => IsUp && IsUnanswered && --_refusedBeats <= 0;

    public NodeAdvert TakeAdvert()
    {
        var advert = new NodeAdvert
        {
            Node = Spec.Id,
            Incarnation = Incarnation,
            Model = Spec.Model,
            Tier = tier,
            Devices = Spec.Devices,
            CpuMilli = Spec.CpuMilli,
            MemoryMib = Spec.MemoryMiB,
        };
        foreach (var (name, value) in Spec.Labels) advert.Labels.Add(name, value);
        // What started since the node said it belongs to it: its report goes out first, and an advert without it would
        // read as if it had been lost again.
        if (ToSend is not null) advert.Running.AddRange(ToSend.Running.Union(Running.Keys).Order());
        ToSend = null;
        _advertsOut++;
        return advert;
    }

    private void SkipRepliesUnderWay()
    {
        _repliesToSkip = Math.Min(_advertsOut, StaleRepliesMax);
        _advertsOut = 0;
    }

    private bool IsAnswer(long incarnation)
    {
        if (incarnation != 0 && incarnation != Incarnation) return false;
        if (incarnation != 0) _repliesToSkip = 0;
        if (_repliesToSkip > 0)
        {
            _repliesToSkip--;
            return false;
        }

        _advertsOut = Math.Max(0, _advertsOut - 1);
        return true;
    }
}

using Google.Protobuf;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Serialization;

/// <summary>
/// Every type on the wire and in the journal, with its manifest. A manifest is <c>name:version</c> and never changes
/// its meaning: a changed meaning is a new manifest, whose reader ships one release before its writer.
/// </summary>
public static class WireTypes
{
    private static readonly (string Manifest, Type Type, MessageParser Parser)[] Table =
    [
        ("advertise-nodes:1", typeof(AdvertiseNodes), AdvertiseNodes.Parser),
        ("advertise-reply:1", typeof(AdvertiseReply), AdvertiseReply.Parser),
        ("host-beat:1", typeof(HostBeat), HostBeat.Parser),
        ("beat-reply:1", typeof(BeatReply), BeatReply.Parser),
        ("work-reports:1", typeof(WorkReports), WorkReports.Parser),
        ("work-reports-ack:1", typeof(WorkReportsAck), WorkReportsAck.Parser),
        ("node-orders:1", typeof(NodeOrders), NodeOrders.Parser),
        ("fault-order:1", typeof(FaultOrder), FaultOrder.Parser),
        ("get-clock:1", typeof(GetClock), GetClock.Parser),
        ("clock-reply:1", typeof(ClockReply), ClockReply.Parser),
        ("submit-jobs:1", typeof(SubmitJobs), SubmitJobs.Parser),
        ("submit-jobs-reply:1", typeof(SubmitJobsReply), SubmitJobsReply.Parser),
        ("find-keys:1", typeof(FindKeys), FindKeys.Parser),
        ("find-keys-reply:1", typeof(FindKeysReply), FindKeysReply.Parser),
        ("could-run:1", typeof(CouldRun), CouldRun.Parser),
        ("could-run-reply:1", typeof(CouldRunReply), CouldRunReply.Parser),
        ("get-job:1", typeof(GetJob), GetJob.Parser),
        ("cancel-job:1", typeof(CancelJob), CancelJob.Parser),
        ("job-reply:1", typeof(JobReply), JobReply.Parser),
        ("list-jobs:1", typeof(ListJobs), ListJobs.Parser),
        ("jobs-reply:1", typeof(JobsReply), JobsReply.Parser),
        ("why-job:1", typeof(WhyJob), WhyJob.Parser),
        ("why-reply:1", typeof(WhyReply), WhyReply.Parser),
        ("list-nodes:1", typeof(ListNodes), ListNodes.Parser),
        ("nodes-reply:1", typeof(NodesReply), NodesReply.Parser),
        ("get-node:1", typeof(GetNode), GetNode.Parser),
        ("drain-node:1", typeof(DrainNode), DrainNode.Parser),
        ("resume-node:1", typeof(ResumeNode), ResumeNode.Parser),
        ("fault-node:1", typeof(FaultNode), FaultNode.Parser),
        ("node-reply:1", typeof(NodeReply), NodeReply.Parser),
        ("get-cell:1", typeof(GetCell), GetCell.Parser),
        ("cell-view:1", typeof(CellView), CellView.Parser),
        ("audit-cell:1", typeof(AuditCell), AuditCell.Parser),
        ("cell-audit:1", typeof(CellAudit), CellAudit.Parser),
        ("audit-host:1", typeof(AuditHost), AuditHost.Parser),
        ("host-audit:1", typeof(HostAudit), HostAudit.Parser),
        ("offer-job:1", typeof(OfferJob), OfferJob.Parser),
        ("offer-taken:1", typeof(OfferTaken), OfferTaken.Parser),
        ("settle-offer:1", typeof(SettleOffer), SettleOffer.Parser),
        ("cell-busy:1", typeof(CellBusy), CellBusy.Parser),
        ("cell-down:1", typeof(CellDown), CellDown.Parser),
        ("run-command:1", typeof(RunCommand), RunCommand.Parser),
        ("command-lines:1", typeof(CommandLines), CommandLines.Parser),
        ("more-lines:1", typeof(MoreLines), MoreLines.Parser),
        ("cancel-command:1", typeof(CancelCommand), CancelCommand.Parser),
        ("round-committed:1", typeof(RoundCommitted), RoundCommitted.Parser),
        ("cell-snapshot:1", typeof(CellSnapshot), CellSnapshot.Parser),
        ("bind-keys:1", typeof(BindKeys), BindKeys.Parser),
        ("bind-keys-reply:1", typeof(BindKeysReply), BindKeysReply.Parser),
        ("keys-bound:1", typeof(KeysBound), KeysBound.Parser),
        ("key-desk-snapshot:1", typeof(KeyDeskSnapshot), KeyDeskSnapshot.Parser),
    ];

    private static readonly Dictionary<Type, string> Manifests =
        Table.ToDictionary(row => row.Type, row => row.Manifest);

    private static readonly Dictionary<string, MessageParser> Parsers =
        Table.ToDictionary(row => row.Manifest, row => row.Parser, StringComparer.Ordinal);

    /// <summary>All types with their manifests, in the table's order.</summary>
    public static IEnumerable<(string Manifest, Type Type)> All => Table.Select(row => (row.Manifest, row.Type));

    /// <summary>
    /// HOCON that binds each type by its name. Akka.Remote binds all Protobuf messages to a serializer of its own, and
    /// of two interfaces that fit Akka takes the one that its dictionary has first, which differs by process; a
    /// binding of the type itself comes before both.
    /// </summary>
    public static string Bindings => "akka.actor.serialization-bindings {\n"
        + string.Concat(Table.Select(
            row => $"  \"{row.Type.FullName}, {row.Type.Assembly.GetName().Name}\" = stockpile\n"))
        + "}\n";

    /// <summary>The manifest of a type; null when the type is not in the table.</summary>
    public static string? ManifestOf(Type type) => Manifests.GetValueOrDefault(type);

    /// <summary>The parser of a manifest; null when the manifest is unknown.</summary>
    public static MessageParser? ParserOf(string manifest) => Parsers.GetValueOrDefault(manifest);
}

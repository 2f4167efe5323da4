namespace Stockpile.Protocol.V1;

// The generated messages that travel on their own, by what they are; parts of messages carry no marker.

// Node host to cell.
public sealed partial class AdvertiseNodes : ICellMessage;
public sealed partial class HostBeat : ICellMessage;
public sealed partial class WorkReports : ICellMessage;

// Cell to node host.
public sealed partial class AdvertiseReply : IWireMessage;
public sealed partial class BeatReply : IWireMessage;
public sealed partial class NodeOrders : IWireMessage;
public sealed partial class WorkReportsAck : IWireMessage;
public sealed partial class FaultOrder : IWireMessage;

// Node process to scheduler process, and back.
public sealed partial class GetClock : IWireMessage;
public sealed partial class ClockReply : IWireMessage;

// Router to cell.
public sealed partial class SubmitJobs : ICellMessage;
public sealed partial class FindKeys : ICellMessage;
public sealed partial class CouldRun : ICellMessage;
public sealed partial class GetJob : ICellMessage;
public sealed partial class CancelJob : ICellMessage;
public sealed partial class ListJobs : ICellMessage;
public sealed partial class WhyJob : ICellMessage;
public sealed partial class ListNodes : ICellMessage;
public sealed partial class GetNode : ICellMessage;
public sealed partial class DrainNode : ICellMessage;
public sealed partial class ResumeNode : ICellMessage;
public sealed partial class FaultNode : ICellMessage;
public sealed partial class GetCell : ICellMessage;
public sealed partial class AuditCell : ICellMessage;

// Router to cell, and from there to the host.
public sealed partial class AuditHost : ICellMessage;

// Cell to cell.
public sealed partial class OfferJob : ICellMessage;
public sealed partial class OfferTaken : ICellMessage;
public sealed partial class SettleOffer : ICellMessage;

// Cell to router.
public sealed partial class SubmitJobsReply : IWireMessage;
public sealed partial class FindKeysReply : IWireMessage;
public sealed partial class CouldRunReply : IWireMessage;
public sealed partial class JobReply : IWireMessage;
public sealed partial class JobsReply : IWireMessage;
public sealed partial class WhyReply : IWireMessage;
public sealed partial class NodesReply : IWireMessage;
public sealed partial class NodeReply : IWireMessage;
public sealed partial class CellView : IWireMessage;
public sealed partial class CellBusy : IWireMessage;
public sealed partial class CellDown : IWireMessage;
public sealed partial class CellAudit : IWireMessage;

// Router or cell to key desk, and back.
public sealed partial class BindKeys : IDeskMessage;
public sealed partial class BindKeysReply : IWireMessage;

// Node host to router.
public sealed partial class HostAudit : IWireMessage;

// Between the inspectors of two members.
public sealed partial class RunCommand : IWireMessage;
public sealed partial class CommandLines : IWireMessage;
public sealed partial class MoreLines : IWireMessage;
public sealed partial class CancelCommand : IWireMessage;

// Journal and snapshot store.
public sealed partial class RoundCommitted : IWireMessage;
public sealed partial class CellSnapshot : IWireMessage;
public sealed partial class KeysBound : IWireMessage;
public sealed partial class KeyDeskSnapshot : IWireMessage;

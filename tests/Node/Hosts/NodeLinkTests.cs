using Stockpile.Node.Devices;
using Stockpile.Node.Hosts;
using Stockpile.Node.Nodes;

namespace Stockpile.Node.Tests.Hosts;

public sealed class NodeLinkTests
{
    [Fact]
    public void An_advert_names_what_started_after_the_node_spoke_and_before_the_host_did()
    {
        var link = new NodeLink(Fleet.Node("n1"), "frontier", 1);
        link.Advertised(new NodeAdvertised("n1", 1, [3]));
        link.Running[4] = RunningWork.Start(DateTimeOffset.UnixEpoch, TimeSpan.FromHours(1), done: 0);

        Assert.Equal([3, 4], link.TakeAdvert().Running);
    }
}

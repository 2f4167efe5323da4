using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Time.Testing;
using Stockpile.Node.Hosting;
using Stockpile.Node.Hosts;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosting;

public sealed class NodeHostingTests : Akka.Hosting.TestKit.TestKit
{
    private sealed class Cells;

    protected override void ConfigureAkka(AkkaConfigurationBuilder builder, IServiceProvider provider) => builder
        .AddHocon("akka.actor.node-dispatcher.type = Dispatcher", HoconAddMode.Prepend)
        .WithActors((_, registry) => registry.Register<Cells>(TestActor))
        .WithNodeHost("h1", [Fleet.Node("n1")], Fleet.Catalog, new FakeTimeProvider(),
            (_, registry) => registry.Get<Cells>());

    [Fact]
    public async Task The_host_runs_under_its_path_and_speaks_to_the_cells_it_was_given()
    {
        var host = await ActorRegistry.GetAsync<HostActor>(TestContext.Current.CancellationToken);
        Assert.Equal("/user/host", host.Path.ToStringWithoutAddress());
        var advert = await FishForMessageAsync<AdvertiseNodes>(
            _ => true, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(("h1", "n1"), (advert.Host, advert.Nodes.Single().Node));
        Assert.Equal(host, LastSender);
    }
}

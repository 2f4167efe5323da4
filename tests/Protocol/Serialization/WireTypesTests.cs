using System.Text.RegularExpressions;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Protocol.Tests.Serialization;

public sealed partial class WireTypesTests
{
    [Fact]
    public void Every_marked_type_is_in_the_table_once()
    {
        var marked = typeof(IWireMessage).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IWireMessage)));
        var table = WireTypes.All.Select(row => row.Type);
        Assert.Equal(
            marked.Select(type => type.FullName).Order(StringComparer.Ordinal),
            table.Select(type => type.FullName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_type_in_the_table_is_marked()
    {
        Assert.NotEmpty(WireTypes.All);
        Assert.All(WireTypes.All, row => Assert.True(row.Type.IsAssignableTo(typeof(IWireMessage)), row.Manifest));
    }

    [Fact]
    public void Every_message_that_names_its_cell_routes_by_that_field()
    {
        var routed = WireTypes.All.Where(row => row.Type.IsAssignableTo(typeof(ICellMessage))).ToArray();
        Assert.NotEmpty(routed);
        Assert.All(routed, row =>
        {
            var sample = (ICellMessage)WireSamples.Of(row.Manifest)[0];
            Assert.StartsWith("cell-", sample.Cell, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Every_message_that_names_its_desk_routes_by_that_field()
    {
        var routed = WireTypes.All.Where(row => row.Type.IsAssignableTo(typeof(IDeskMessage))).ToArray();
        Assert.NotEmpty(routed);
        Assert.All(routed, row =>
        {
            var sample = (IDeskMessage)WireSamples.Of(row.Manifest)[0];
            Assert.StartsWith("desk-", sample.Desk, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Manifests_are_a_name_and_a_version() =>
        Assert.All(WireTypes.All, row => Assert.Matches(ManifestForm(), row.Manifest));

    [Fact]
    public void Manifests_are_unique()
    {
        var manifests = WireTypes.All.Select(row => row.Manifest).ToArray();
        Assert.Equal(manifests.Length, manifests.Distinct(StringComparer.Ordinal).Count());
    }

    [GeneratedRegex("^[a-z-]+:[0-9]+$")]
    private static partial Regex ManifestForm();
}

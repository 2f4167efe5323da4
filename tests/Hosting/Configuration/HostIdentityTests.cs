using Stockpile.Hosting.Processes;

namespace Stockpile.Hosting.Tests.Configuration;

public sealed class HostIdentityTests
{
    [Theory]
    [InlineData("stockpile-node-frontier-2.stockpile_cluster.", "0a1b2c3d4e5f", "frontier-2")]
    [InlineData("stockpile_node-frontier_12.stockpile_cluster", "0a1b2c3d4e5f", "frontier-12")]
    [InlineData(null, "node-frontier-0", "frontier-0")]
    [InlineData(null, "0a1b2c3d4e51", "frontier-0a1b2c3d4e51")]
    [InlineData("quiet_curie.bridge", "0a1b2c3d4e51", "frontier-0a1b2c3d4e51")]
    [InlineData(null, "my machine.local", "frontier-my-machine")]
    public void The_number_of_the_container_or_of_the_machine_makes_the_name(
        string? container, string machine, string expected) =>
        Assert.Equal(expected, HostIdentity.Compose("frontier", container, machine));
}

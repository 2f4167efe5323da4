using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Simulation.Tests.Nodes;

/// <summary>Who takes part in a run, drawn from its seed. Small, so that devices are short.</summary>
public sealed class Fleet
{
    private static readonly string[] Names = ["east", "north", "south", "west"];
    private static readonly string[] Models = ["H800", "A800", "H20", "T4"];

    public Fleet(Random random)
    {
        Schedulers = random.Next(2, 5);
        Cells = Names[..random.Next(2, 4)];
        var models = Models[..random.Next(2, 5)];
        var hosts = new SortedDictionary<string, List<NodeSpec>>(StringComparer.Ordinal);
        var count = random.Next(3, 6);
        for (var host = 0; host < count; host++)
        {
            var nodes = new List<NodeSpec>();
            var home = Cells[host % Cells.Length];
            for (var node = random.Next(2, 5); node > 0; node--)
            {
                // Some hosts serve two cells.
                var cell = random.Next(5) == 0 ? Cells[random.Next(Cells.Length)] : home;
                var devices = random.Next(3) switch { 0 => 2, 1 => 4, _ => 8 };
                nodes.Add(new NodeSpec($"n{host}-{node}", cell, models[random.Next(models.Length)], devices,
                    devices * 8_000, devices * 65_536L, JobSpec.NoLabels));
            }

            hosts.Add($"host-{host}", nodes);
        }

        Hosts = hosts;
    }

    public int Schedulers { get; }
    public string[] Cells { get; }
    public IReadOnlyDictionary<string, List<NodeSpec>> Hosts { get; }

    public IEnumerable<NodeSpec> Nodes => Hosts.Values.SelectMany(n => n);
}

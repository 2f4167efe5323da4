using System.Globalization;
using System.Net;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>Where the processes of a lab live: all on loopback, or each behind a cable of its own.</summary>
internal abstract class LabNetwork : IDisposable
{
    /// <summary>The address of the lab's n-th process, from 1.</summary>
    public abstract IPAddress AddressOf(int member);

    /// <summary>What stands before the program so that it runs in its place.</summary>
    public abstract IReadOnlyList<string> Enter(int member);

    /// <summary>Whether each process has its address for itself, so that all may use the same port.</summary>
    public abstract bool IsApart { get; }

    /// <summary>Where the database listens for them, beside 127.0.0.1; null: nowhere.</summary>
    public virtual (IPAddress Address, string Network)? Home => null;

    public abstract void Dispose();
}

/// <summary>Everything on 127.0.0.1: nothing can be cut.</summary>
internal sealed class LoopbackNetwork : LabNetwork
{
    public override bool IsApart => false;

    public override IPAddress AddressOf(int member) => IPAddress.Loopback;

    public override IReadOnlyList<string> Enter(int member) => [];

    public override void Dispose()
    {
    }
}

/// <summary>
/// A network namespace for each process, all on one bridge that has a namespace of its own, so that no firewall rule
/// of the machine is in the way; the machine itself hangs on the bridge too, with the database and the clients. Cables
/// are cut by iptables in the namespaces. Needs root.
/// </summary>
internal sealed class NamespaceNetwork : LabNetwork
{
    private const string Prefix = "stockpile-lab-";
    private const string Switch = Prefix + "sw";
    private const string Net = "10.213.77";
    private const string HomeLink = "stockpile-lab";
    private const int HomeNumber = 254;

    private readonly int _members;

    private NamespaceNetwork(int members) => _members = members;

    public override bool IsApart => true;

    public override (IPAddress Address, string Network)? Home =>
        (IPAddress.Parse($"{Net}.{HomeNumber}"), $"{Net}.0/24");

    /// <summary>Makes the network. Only one can be at a time; what a killed process left of one is removed.</summary>
    /// <param name="whyNot">What is missing, when there is none.</param>
    public static NamespaceNetwork? TryCreate(int members, out string whyNot)
    {
        var network = new NamespaceNetwork(members);
        try
        {
            if (Environment.UserName != "root") throw new InvalidOperationException("only root may make them");
            RemoveAll();
            network.Create();
            whyNot = "";
            return network;
        }
        catch (InvalidOperationException fault)
        {
            RemoveAll();
            whyNot = $"no network namespaces here: {fault.Message}";
            return null;
        }
    }

    public override IPAddress AddressOf(int member) =>
        IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{Net}.{member}"));

    public override IReadOnlyList<string> Enter(int member) => ["ip", "netns", "exec", Name(member)];

    /// <summary>Nothing that one of them sends reaches another one, in either direction.</summary>
    public void Cut(int one, int other)
    {
        CutOneWay(one, other);
        CutOneWay(other, one);
    }

    /// <summary>What <paramref name="from"/> sends does not reach <paramref name="to"/>.</summary>
    public void CutOneWay(int from, int to) => Shell.Run(
        "ip", "netns", "exec", Name(to), "iptables", "-w", "-I", "INPUT", "-s", $"{AddressOf(from)}", "-j", "DROP");

    /// <summary>Everything reaches everybody again.</summary>
    public void Heal()
    {
        for (var member = 1; member <= _members; member++)
            Shell.Run("ip", "netns", "exec", Name(member), "iptables", "-w", "-F", "INPUT");
    }

    public override void Dispose() => RemoveAll();

    private void Create()
    {
        Shell.Run("ip", "netns", "add", Switch);
        Shell.Run("ip", "-n", Switch, "link", "add", "name", "sw0", "type", "bridge");
        Shell.Run("ip", "-n", Switch, "link", "set", "sw0", "up");
        for (var member = 1; member <= _members; member++)
        {
            var name = Name(member);
            Shell.Run("ip", "netns", "add", name);
            Plug($"p{member}", "peer", "name", "eth0", "netns", name);
            Shell.Run("ip", "-n", name, "link", "set", "lo", "up");
            Shell.Run("ip", "-n", name, "addr", "add", $"{AddressOf(member)}/24", "dev", "eth0");
            Shell.Run("ip", "-n", name, "link", "set", "eth0", "up");
            Shell.Run("ip", "netns", "exec", name, "iptables", "-w", "-S");
        }

        Plug("home", "peer", "name", HomeLink, "netns", $"{Environment.ProcessId}");
        Shell.Run("ip", "addr", "add", $"{Net}.{HomeNumber}/24", "dev", HomeLink);
        Shell.Run("ip", "link", "set", HomeLink, "up");
    }

    private static void Plug(string port, params IEnumerable<string> peer)
    {
        Shell.Run("ip", ["-n", Switch, "link", "add", port, "type", "veth", .. peer]);
        Shell.Run("ip", "-n", Switch, "link", "set", port, "master", "sw0");
        Shell.Run("ip", "-n", Switch, "link", "set", port, "up");
    }

    /// <summary>A link goes with the namespace of its other end.</summary>
    private static void RemoveAll()
    {
        const string Names = "/var/run/netns";
        if (!Directory.Exists(Names)) return;
        foreach (var name in Directory.GetFiles(Names, $"{Prefix}*").Select(Path.GetFileName))
        {
            // Members of a test run that was killed are still in there.
            Shell.Try("sh", "-c", $"kill -KILL $(ip netns pids {name})");
            Shell.Try("ip", "netns", "del", name!);
        }
    }

    private static string Name(int member) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{member}");
}

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DnsClient;

namespace Stockpile.Hosting.Processes;

/// <summary>
/// The name of a node process that is one of several alike. It must be the same after a restart, or the nodes of before
/// stay lost for ever, and the machine's name of a container is not: it is new with every container. What stays is the
/// number that Compose gives the container, which its name server tells in answer to the container's own address.
/// </summary>
public static partial class HostIdentity
{
    private const int DnsAttempts = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The group and a number, such as <c>frontier-2</c>.</summary>
    /// <param name="group">What the processes alike are called.</param>
    /// <param name="waits">Told when this has to wait, and for what.</param>
    public static async Task<string> FindAsync(string group, Action<string> waits, CancellationToken cancel) =>
        Compose(group, await ContainerNameAsync(waits, cancel).ConfigureAwait(false), Dns.GetHostName());

    /// <summary>From a container's name as DNS has it and the machine's name; pure.</summary>
    /// <param name="container">Such as <c>stockpile-node-frontier-2.stockpile_default</c>; null: unknown.</param>
    public static string Compose(string group, string? container, string machine)
    {
        // A container's name ends in its number; so does the machine's name in a set of Kubernetes. Hexadecimal names
        // of containers end in digits by chance, but never after a hyphen.
        foreach (var name in new[] { container, machine })
            if (name is not null && TrailingNumber().Match(name.Split('.')[0]) is { Success: true } match)
                return $"{group}-{match.Groups[1].Value.TrimStart('0').PadLeft(1, '0')}";
        return $"{group}-{Unfit().Replace(machine.Split('.')[0], "-")}";
    }

    /// <summary>What the network's name server calls this container. The system's own look-up would find the machine's
    /// name in <c>/etc/hosts</c> first.</summary>
    private static async Task<string?> ContainerNameAsync(Action<string> waits, CancellationToken cancel)
    {
        if (Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is not "true") return null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // Read anew each time: the name servers may come with the network.
                var dns = new LookupClient();
                foreach (var address in await AddressesAsync(waits, cancel).ConfigureAwait(false))
                {
                    var answer = await dns.QueryReverseAsync(address, cancel).ConfigureAwait(false);
                    if (answer.Answers.PtrRecords().FirstOrDefault() is { } record) return record.PtrDomainName.Value;
                }

                return null;
            }
            catch (Exception fault) when (fault is DnsResponseException or SocketException or InvalidOperationException)
            {
                // No name server that knows: the machine's name has to do, though only when it stays silent.
                if (attempt == DnsAttempts) return null;
                await Task.Delay(Pause, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The container's addresses. A container that was cut off and starts again meanwhile has none, and taking another
    /// name then would make its nodes strangers when the network is back; so this waits.
    /// </summary>
    private static async Task<IReadOnlyList<IPAddress>> AddressesAsync(Action<string> waits, CancellationToken cancel)
    {
        for (var first = true; ; first = false)
        {
            var found = NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(i => i.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a))
                .ToList();
            if (found.Count > 0) return found;
            if (first) waits("this container has no network; its name is found when it has one");
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }
    }

    [GeneratedRegex(@"[-_](\d{1,6})$")]
    private static partial Regex TrailingNumber();

    [GeneratedRegex(@"[^A-Za-z0-9._-]")]
    private static partial Regex Unfit();
}

using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DnsClient;

namespace Stockpile.Hosting.Configuration;

/// <summary>
/// The name of a node process that is one of several alike. It must be the same after a restart, or the nodes of before
/// stay lost for ever, and the machine's name of a container is not: it is new with every container. What stays is the
/// number that Compose gives the container, which its name server tells in answer to the container's own address.
/// </summary>
public static partial class HostIdentity
{
    /// <summary>The group and a number, such as <c>frontier-2</c>.</summary>
    /// <param name="group">What the processes alike are called.</param>
    public static async Task<string> FindAsync(string group, CancellationToken cancel)
    {
        var machine = Dns.GetHostName();
        return Compose(group, await ContainerNameAsync(machine, cancel).ConfigureAwait(false), machine);
    }

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
    private static async Task<string?> ContainerNameAsync(string machine, CancellationToken cancel)
    {
        if (Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is not "true") return null;
        try
        {
            var dns = new LookupClient();
            foreach (var address in await Dns.GetHostAddressesAsync(machine, cancel).ConfigureAwait(false))
            {
                if (address.AddressFamily != AddressFamily.InterNetwork || IPAddress.IsLoopback(address)) continue;
                var answer = await dns.QueryReverseAsync(address, cancel).ConfigureAwait(false);
                if (answer.Answers.PtrRecords().FirstOrDefault() is { } record) return record.PtrDomainName.Value;
            }
        }
        catch (Exception fault) when (fault is DnsResponseException or SocketException or InvalidOperationException)
        {
            // No name server that knows: the machine's name has to do.
        }

        return null;
    }

    [GeneratedRegex(@"[-_](\d{1,6})$")]
    private static partial Regex TrailingNumber();

    [GeneratedRegex(@"[^A-Za-z0-9._-]")]
    private static partial Regex Unfit();
}

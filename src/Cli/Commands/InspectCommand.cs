using System.CommandLine;
using System.Globalization;
using Stockpile.Cli.Client;
using Stockpile.Cli.Inspect;
using Stockpile.Core;
using Stockpile.Inspect.Server;

namespace Stockpile.Cli.Commands;

/// <summary>
/// <c>stockpile inspect [HOST:PORT] PALETTE COMMAND …</c>. What stands behind the verb never reaches the parser of the
/// other verbs: the switches belong to the catalogue of the member that is asked.
/// </summary>
internal static class InspectCommand
{
    public const string Verb = "inspect";
    public const string Variable = "STOCKPILE_INSPECTOR";

    private const string JsonSwitch = "--json";
    private const string HttpsPrefix = "https://";

    private static readonly string AddressDefault =
        $"{InspectorOptions.HostDefault}:{InspectorOptions.PortDefault}";

    public static Command Create(CliContext context, IReadOnlyList<string> passed)
    {
        var command = new Command(Verb, "Look into a running member: "
            + $"inspect [HOST:PORT] PALETTE COMMAND [switches] [{JsonSwitch}]; 'inspect help' lists the commands, "
            + $"without a command it is interactive. Address: else {Variable}, else {AddressDefault}; access token: "
            + $"{ServerAccess.TokenVariable}, else what the file named by {ServerAccess.TokenFileVariable} holds");
        command.SetAction((_, cancel) => RunAsync(context, passed, cancel));
        return command;
    }

    /// <summary>The words for the parser of the verbs, and those behind <c>inspect</c>.</summary>
    public static (IReadOnlyList<string> Own, IReadOnlyList<string> Passed) Split(IReadOnlyList<string> args) =>
        args is [Verb, "--help" or "-h" or "-?"] or not [Verb, ..] ? (args, []) : ([Verb], [.. args.Skip(1)]);

    private static async Task<int> RunAsync(
        CliContext context, IReadOnlyList<string> passed, CancellationToken cancel)
    {
        var words = passed.Where(word => word != JsonSwitch).ToList();
        var json = words.Count < passed.Count;
        var address = context.Environment(Variable) is { Length: > 0 } variable ? variable : AddressDefault;
        var source = Variable;
        // A palette's name never holds a colon.
        if (words is [var first, ..] && first.Contains(':', StringComparison.Ordinal))
        {
            (address, source) = (first, "the address");
            words.RemoveAt(0);
        }

        using var client = new InspectorClient(ServerOptions.OfEnvironment(ReadUri(address, source), context));
        if (words.Count == 0)
        {
            if (json) throw new CliException(
                ExitCodes.Usage, $"{JsonSwitch} wants a command (see stockpile inspect help)");
            return await new InspectShell(context, client).RunAsync(cancel);
        }

        return await new InspectPrinter(context).RunAsync(client, words, json, cancel);
    }

    private static Uri ReadUri(string text, string source)
    {
        var isHttps = text.StartsWith(HttpsPrefix, StringComparison.Ordinal);
        var (host, port) = ReadAddress(isHttps ? text[HttpsPrefix.Length..] : text, source);
        try
        {
            return new UriBuilder(isHttps ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, host, port).Uri;
        }
        catch (UriFormatException)
        {
            throw new CliException(ExitCodes.Usage, $"{source} is '{Names.Shorten(text)}'; it names no host");
        }
    }

    /// <exception cref="CliException">It is no <c>host:port</c>.</exception>
    public static (string Host, int Port) ReadAddress(string text, string source, int least = 1)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon].Trim('[', ']') : "";
        return host.Length > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port >= least && port <= 65_535
            ? (host, port)
            : throw new CliException(ExitCodes.Usage,
                $"{source} is '{Names.Shorten(text)}'; allowed: HOST:PORT with a port of {least} to 65535, "
                + $"such as {AddressDefault}");
    }
}

using System.Text.Json;
using Stockpile.Cli.Output;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Cli.Inspect;

/// <summary>Prints the answer to one call.</summary>
internal sealed class InspectPrinter(CliContext context)
{
    /// <summary>
    /// For people: a first line that names the member, then lines as they come. With <paramref name="json"/> one
    /// document, or a row per line where the command goes on until it is cancelled.
    /// </summary>
    /// <returns>The exit code; its reason stands on standard error.</returns>
    /// <exception cref="CliException">As <see cref="InspectorClient.RunAsync"/>.</exception>
    public async Task<int> RunAsync(
        InspectorClient client, IReadOnlyList<string> words, bool json, CancellationToken cancel)
    {
        var rows = new List<JsonElement>();
        MemberName? announced = null;
        var streams = false;
        var end = await client.RunAsync(words, json, reply =>
        {
            if (reply.Member is not null)
            {
                (announced, streams) = (reply.Member, reply.Streams ?? false);
                if (!json) context.Out.WriteLine($"# {Screen.OneLine(announced.ToString())}");
            }

            if (reply.Line is { } line) context.Out.WriteLine(Screen.OneLine(line));
            if (reply.Data is not { } row) return;
            if (streams) context.Out.WriteLine(row.GetRawText());
            else rows.Add(row);
            if (streams) context.Out.Flush();
        }, cancel);

        var member = end.Member ?? announced;
        if (!json && end.Exit == 0 && member is not null && member.Address != announced?.Address)
            context.Out.WriteLine($"# answered by {Screen.OneLine(member.ToString())}");
        // Rows that came before a fault are worth having; without any the error line says all.
        if (json && !streams && (end.Exit == 0 || rows.Count > 0))
            new Screen(context).Json(new Document(member, string.Join(' ', words), rows, end.Error));
        if (end.Exit != 0) context.Error.WriteLine($"stockpile: {Screen.OneLine(end.Error ?? "refused")}");
        await context.Out.FlushAsync(CancellationToken.None);
        return end.Exit;
    }

    /// <summary>The document of <c>--json</c>.</summary>
    private sealed record Document(
        MemberName? Member, string Command, IReadOnlyList<JsonElement> Rows, string? Error);
}

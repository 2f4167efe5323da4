using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stockpile.Bench;

/// <summary>What a verb found.</summary>
/// <param name="Faults">What is not as it should be; with any of them the verb ends with 1.</param>
internal sealed record BenchResult(object Result, IReadOnlyList<string> Faults)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A page to write beside the JSON: the name of the file and, from the conditions, its text.</summary>
    public (string File, Func<Conditions, string> Text)? Page { get; init; }

    /// <summary>Prints the document and writes it to the folder.</summary>
    /// <returns>The exit code.</returns>
    public int Write(string verb, string folder, Conditions conditions)
    {
        var json = JsonSerializer.Serialize(new { bench = $"placement {verb}", conditions, Result, Faults }, Options);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"placement-{verb}.json"), json + "\n");
        if (Page is var (file, text)) File.WriteAllText(Path.Combine(folder, file), text(conditions));
        Console.WriteLine(json);
        foreach (var fault in Faults) Console.Error.WriteLine($"placement-bench: {fault}");
        return Faults.Count == 0 ? 0 : 1;
    }
}

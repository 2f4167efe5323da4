using System.Text;
using Stockpile.Core;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Api.Mapping;

/// <summary>Refusals speak of fields as files name them, <c>min-memory</c>; JSON says <c>minMemory</c>.</summary>
internal static class RefusalMapping
{
    public static Refusal ToJsonNames(this RefusalMsg refusal) =>
        new Refusal(refusal.Code, refusal.Field, refusal.Message).ToJsonNames();

    /// <summary>The refusal with the JSON name of its field, which its message then begins with.</summary>
    public static Refusal ToJsonNames(this Refusal refusal) => refusal.WithField(CamelCase(refusal.Field));

    /// <summary>One line that begins with the field as files name it.</summary>
    public static string ToLine(this Refusal refusal) => refusal.WithField(refusal.Field).Message;

    /// <summary>As the other one.</summary>
    public static string ToLine(this RefusalMsg refusal) =>
        new Refusal(refusal.Code, refusal.Field, refusal.Message).ToLine();

    /// <summary>The refusal as one of job number <paramref name="index"/> of a batch.</summary>
    /// <param name="name">The job's name, so that it is found without counting; empty where it has none.</param>
    public static Refusal InBatch(this Refusal refusal, int index, string? name)
    {
        var job = NameOf(name);
        return refusal.Field.Length == 0
            ? refusal with { Field = $"jobs[{index}]", Message = $"{job}jobs[{index}]: {refusal.Message}" }
            : refusal with
            {
                Field = $"jobs[{index}].{refusal.Field}", Message = $"{job}jobs[{index}].{refusal.Message}",
            };
    }

    /// <summary>The job of several that is refused, as the beginning of a message; empty where it has no name.
    /// </summary>
    public static string NameOf(string? job) => string.IsNullOrEmpty(job) ? "" : $"job '{Names.Shorten(job)}': ";

    private static Refusal WithField(this Refusal refusal, string field)
    {
        if (refusal.Field.Length == 0) return refusal;
        // The validator's words begin with the value, since files put their own line and key before them.
        var message = refusal.Message.StartsWith(refusal.Field, StringComparison.Ordinal)
            ? field + refusal.Message[refusal.Field.Length..]
            : $"{field}: {refusal.Message}";
        return refusal with { Field = field, Message = message };
    }

    private static string CamelCase(string kebab)
    {
        if (!kebab.Contains('-', StringComparison.Ordinal)) return kebab;
        var text = new StringBuilder(kebab.Length);
        for (var i = 0; i < kebab.Length; i++)
        {
            var afterDash = i > 0 && kebab[i - 1] == '-';
            if (kebab[i] != '-') text.Append(afterDash ? char.ToUpperInvariant(kebab[i]) : kebab[i]);
        }

        return text.ToString();
    }
}

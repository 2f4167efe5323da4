using Stockpile.Formats.Hocon;

namespace Stockpile.Hosting.Configuration;

/// <summary>
/// The rule by which environment variables override files: the key in upper case, <c>__</c> for each dot, <c>_</c> for
/// each hyphen. <c>STOCKPILE__JOURNAL__POSTGRES__HOST</c> is <c>stockpile.journal.postgres.host</c>. With <c>_FILE</c>
/// at its end a variable names a file that holds the value, as secrets of containers do. A value that begins with
/// <c>[</c> or <c>{</c> is HOCON, any other is a text.
/// </summary>
public static class EnvironmentSettings
{
    private static readonly string[] Prefixes = ["STOCKPILE__", "AKKA__", "PETABRIDGE__"];

    private const string FileSuffix = "_FILE";

    /// <summary>The settings among all variables of a process, in the order of their names.</summary>
    /// <exception cref="InputException">A variable names a file that cannot be read.</exception>
    public static IEnumerable<(string Path, string Value, SettingOrigin Origin)> Of(
        IEnumerable<KeyValuePair<string, string>> variables)
    {
        foreach (var (name, value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (!Array.Exists(Prefixes, p => name.StartsWith(p, StringComparison.Ordinal))) continue;
            var origin = new SettingOrigin(SettingRank.Environment, $"environment {name}", 0);
            if (name.EndsWith(FileSuffix, StringComparison.Ordinal))
                yield return (PathOf(name[..^FileSuffix.Length]), ReadSecret(name, value), origin);
            else
                yield return (PathOf(name), value, origin);
        }
    }

    private static string PathOf(string variable) => string.Join('.',
        variable.Split("__").Select(word => word.Replace('_', '-').ToLowerInvariant()));

    private static string ReadSecret(string variable, string file)
    {
        try
        {
            // An editor ends a file with a new line that no password has.
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"environment {variable}", 0, "",
                $"the file '{file}' cannot be read: {fault.Message}");
        }
    }
}

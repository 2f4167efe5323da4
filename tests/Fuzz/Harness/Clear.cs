using Stockpile.Formats.Hocon;

namespace Stockpile.Fuzz.Tests.Harness;

/// <summary>What an error must be like to help whoever made the mistake.</summary>
internal static class Clear
{
    /// <summary>One line, not empty, and short even where the input is huge.</summary>
    public static void Line(string message, int charsMax = 2_000)
    {
        if (string.IsNullOrWhiteSpace(message)) throw new InvalidOperationException("the error says nothing");
        if (message.Length > charsMax)
            throw new InvalidOperationException($"the error has {message.Length} characters: {message[..200]}");
        if (message.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029'))
            throw new InvalidOperationException($"the error is not one line: {message}");
    }

    /// <summary>Whether a reader of files takes a text; a refusal must name the file and be one clear line.</summary>
    public static bool Reads(string file, Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (InputException refused)
        {
            Line(refused.Message);
            if (!refused.Message.StartsWith(file, StringComparison.Ordinal))
                throw new InvalidOperationException($"the error does not name the file: {refused.Message}");
            if (refused is { Line: 0, Key: "" } && !refused.Message.Contains("MiB", StringComparison.Ordinal))
                throw new InvalidOperationException($"the error names neither line nor key: {refused.Message}");
            return false;
        }
    }
}

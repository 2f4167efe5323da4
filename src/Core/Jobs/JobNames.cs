using System.Globalization;
using System.Text;

namespace Stockpile.Core.Jobs;

/// <summary>What may be the name of a job, or the value of a label: a line in any script.</summary>
public static class JobNames
{
    public static string Rule => $"1 to {Limits.NameCharsMax} printable characters";

    /// <summary>Null: it is allowed; else the whole refusal, which shows the text and what is wrong with it.</summary>
    public static string? WhyNot(string? text)
    {
        var fault = FaultOf(text ?? "");
        return fault is null ? null : $"'{Names.Shorten(text ?? "")}' is not allowed{fault}; {Rule}";
    }

    /// <summary>The fault behind a comma; empty where the text says enough; null: there is none.</summary>
    private static string? FaultOf(string text)
    {
        var visible = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Names.IsOdd(rune) || rune == Rune.ReplacementChar)
                return $", because of the character U+{rune.Value:X4}";
            visible |= !Rune.IsWhiteSpace(rune) && Rune.GetUnicodeCategory(rune)
                is not (UnicodeCategory.Format or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark);
        }

        var count = Names.Count(text);
        if (count > Limits.NameCharsMax)
            return string.Create(CultureInfo.InvariantCulture, $", because it has {count} characters");
        return visible ? null : text.Length == 0 ? "" : ", because nothing of it can be seen";
    }
}

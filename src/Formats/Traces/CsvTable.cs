using System.Globalization;
using CsvHelper;
using Stockpile.Core;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Traces;

/// <summary>A CSV file with a header, read strictly: every error names file, line, column and value.</summary>
internal sealed class CsvTable : IDisposable
{
    private static readonly CsvReaderOptions Strict = new()
    {
        Separator = ',',
        TrimWhitespace = true,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
    };

    private readonly string _file;
    private readonly CsvReader _csv;
    private readonly Dictionary<string, int> _columns = new(StringComparer.Ordinal);
    private long _line;

    private CsvTable(string file, string text, string[] required)
    {
        _file = file;
        _csv = CsvReader.FromText(text, Strict);
        var headers = Guarded(() => _csv.Headers.ToArray());
        for (var i = 0; i < headers.Length; i++)
            if (!_columns.TryAdd(headers[i], i))
                throw new InputException(file, 1, headers[i], "two columns have this name");
        foreach (var column in required)
            if (!_columns.ContainsKey(column))
                throw new InputException(
                    file, 1, column, $"the column is missing; needed: {string.Join(", ", required)}");
    }

    public static CsvTable Open(string path, params string[] required) =>
        new(path, ConfigDocument.ReadText(path).TrimStart('\uFEFF'), required);

    public static CsvTable Parse(string file, string text, params string[] required) => new(file, text, required);

    public bool Next()
    {
        if (!Guarded(_csv.Read)) return false;
        _line = _csv.LineNumber;
        return true;
    }

    public bool Has(string column) => _columns.ContainsKey(column);

    /// <summary>A field as text; empty where the file lacks the column.</summary>
    public string Text(string column) => _columns.TryGetValue(column, out var index) ? _csv.GetString(index) : "";

    public long Long(string column, long min, long max)
    {
        var text = Text(column);
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw Error(column, $"'{InputException.Show(text)}' is not a whole number; {min}..{max}");
        return value >= min && value <= max ? value : throw Error(column, $"{value} is not allowed; {min}..{max}");
    }

    /// <summary>As <see cref="Long"/>; null for an empty field.</summary>
    public long? OptionalLong(string column, long min, long max) =>
        Text(column).Length == 0 ? null : Long(column, min, max);

    public string Name(string column)
    {
        var text = Text(column);
        return Names.IsName(text)
            ? text
            : throw Error(column, $"'{InputException.Show(text)}' is not a name; {Names.Rule}");
    }

    public InputException Error(string column, string message) => new(_file, (int)Math.Max(1, _line), column, message);

    public void Dispose() => _csv.Dispose();

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CsvFormatException e)
        {
            throw new InputException(_file, (int)Math.Max(1, e.LineNumber), "", $"is not well-formed CSV: {e.Message}");
        }
    }
}

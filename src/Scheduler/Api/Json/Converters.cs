using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Stockpile.Core.Jobs;

namespace Stockpile.Scheduler.Api.Json;

/// <summary>
/// An enum as its lower-case names. The converter of the framework also takes lists of names and other cases.
/// </summary>
public sealed class LowerCaseEnumConverter<T> : JsonConverter<T> where T : struct, Enum
{
    private static readonly Dictionary<string, T> ByName =
        Enum.GetValues<T>().ToDictionary(v => v.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && ByName.TryGetValue(reader.GetString()!, out var value)
            ? value
            : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString().ToLowerInvariant());
    }
}

/// <summary>Memory in MiB: a whole number, or a text with a unit.</summary>
public sealed class MemoryConverter : JsonConverter<long>
{
    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number)) return number;
        return reader.TokenType == JsonTokenType.String && Quantities.TryParseMemory(reader.GetString(), out var size)
            ? size
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteNumberValue(value);
    }
}

/// <summary>A duration as a text such as <c>2h</c>.</summary>
public sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Quantities.TryParseDuration(reader.GetString(), out var duration)
            ? duration
            : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(Quantities.Format(value));
    }
}

/// <summary>A demand: a constant number, or base, peak, the hour of the peak, the factor of weekends and the zone.
/// </summary>
public sealed class DemandConverter : JsonConverter<Demand>
{
    public override Demand Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            var constant = reader.GetDouble();
            return new Demand(constant, constant, 0);
        }

        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        double? low = null, peak = null, hour = null, weekend = null;
        var zone = "";
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            if (!reader.Read() || reader.TokenType != (name == "zone" ? JsonTokenType.String : JsonTokenType.Number))
                throw new JsonException();
            if (name == "zone") zone = reader.GetString()!;
            else if (name == "base") low = reader.GetDouble();
            else if (name == "peak") peak = reader.GetDouble();
            else if (name == "peakHour") hour = reader.GetDouble();
            else if (name == "weekend") weekend = reader.GetDouble();
            else throw new JsonException();
        }

        if (reader.TokenType != JsonTokenType.EndObject || (low ?? peak) is null) throw new JsonException();
        return new Demand(low ?? peak!.Value, peak ?? low!.Value, hour ?? 0, weekend ?? 1, zone);
    }

    public override void Write(Utf8JsonWriter writer, Demand value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Base.Equals(value.Peak) && value is { PeakHour: 0, Weekend: 1, Zone: "" })
        {
            writer.WriteNumberValue(value.Base);
            return;
        }

        writer.WriteStartObject();
        writer.WriteNumber("base", value.Base);
        writer.WriteNumber("peak", value.Peak);
        writer.WriteNumber("peakHour", value.PeakHour);
        if (!value.Weekend.Equals(1)) writer.WriteNumber("weekend", value.Weekend);
        if (value.Zone.Length > 0) writer.WriteString("zone", value.Zone);
        writer.WriteEndObject();
    }
}

/// <summary>An instant in UTC with milliseconds and a <c>Z</c>, so that texts sort as times do.</summary>
public sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(
            value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }
}

using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Stockpile.Core;

namespace Stockpile.Scheduler.Api.Json;

/// <summary>
/// Turns what the JSON reader says into one line that names the field, the value it has and what is allowed there.
/// What is allowed comes from the description of the property, which the OpenAPI document shows too.
/// </summary>
internal static class JsonFault
{
    /// <summary>The text is not JSON at all.</summary>
    public static Refusal Malformed(JsonException fault)
    {
        var where = fault.LineNumber is { } line
            ? $"line {line + 1}, column {(fault.BytePositionInLine ?? 0) + 1}: "
            : "";
        // The reader's own text repeats the position in its own words after this mark.
        var reason = fault.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0].TrimEnd('|', ' ');
        return new Refusal(Refusal.Invalid, "", $"{where}the body is not proper JSON: {Names.Shorten(reason, 160)}");
    }

    /// <summary>It is JSON, but not of the shape of <paramref name="type"/>.</summary>
    public static Refusal Mismatch(JsonException fault, JsonElement root, Type type)
    {
        var field = "";
        var allowed = "a JSON object";
        foreach (var segment in Segments(fault.Path))
        {
            if (segment is [.., ']'])
            {
                if (root.ValueKind != JsonValueKind.Array) break;
                var index = int.Parse(segment.AsSpan(1, segment.Length - 2));
                if (index >= root.GetArrayLength() || ElementType(type) is not { } element) break;
                (root, type, field) = (root[index], element, field + segment);
                continue;
            }

            var info = ApiJson.Options.GetTypeInfo(type);
            if (info.Kind != JsonTypeInfoKind.Object) break;
            var name = field.Length == 0 ? segment : $"{field}.{segment}";
            if (info.Properties.FirstOrDefault(p => p.Name == segment) is not { } property)
                return Unknown(name, info);
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(segment, out root)) break;
            allowed = Description(property) ?? allowed;
            type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            field = name;
        }

        var value = Names.Shorten(root.GetRawText(), 60);
        var subject = field.Length == 0 ? "the body" : field;
        return new Refusal(Refusal.Invalid, field, $"{subject} is {value}; allowed: {allowed}");
    }

    private static Refusal Unknown(string name, JsonTypeInfo info)
    {
        var known = string.Join(", ", info.Properties.Select(p => p.Name));
        var shown = Names.Shorten(name, 60);
        return new Refusal(Refusal.Invalid, shown, $"{shown} is no field; allowed: {known}");
    }

    private static string? Description(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(DescriptionAttribute), inherit: true)
            .OfType<DescriptionAttribute>().FirstOrDefault()?.Description;

    private static Type? ElementType(Type type) =>
        type is { IsGenericType: true } && type.GetGenericArguments() is [var element] ? element : null;

    /// <summary>Splits <c>$.jobs[3].devices</c> into <c>jobs</c>, <c>[3]</c>, <c>devices</c>.</summary>
    private static IEnumerable<string> Segments(string? path)
    {
        for (var i = 1; path is not null && i < path.Length;)
        {
            int end;
            if (path[i] == '.')
            {
                end = path.IndexOfAny(['.', '['], i + 1);
                if (end < 0) end = path.Length;
                yield return path[(i + 1)..end];
            }
            else if (path.AsSpan(i).StartsWith("['"))
            {
                end = path.IndexOf("']", i, StringComparison.Ordinal);
                end = end < 0 ? path.Length : end + 2;
                yield return path[(i + 2)..Math.Max(i + 2, end - 2)];
            }
            else
            {
                end = path.IndexOf(']', i) + 1;
                if (end <= 0) yield break;
                yield return path[i..end];
            }

            i = end;
        }
    }
}

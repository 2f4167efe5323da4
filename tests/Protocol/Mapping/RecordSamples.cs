using System.Collections;
using System.Reflection;

namespace Stockpile.Protocol.Tests.Mapping;

/// <summary>
/// Records of the core with every property set to something else than its default, and their comparison property by
/// property: records compare lists and maps by reference, which would hide nothing but also find nothing equal.
/// </summary>
internal sealed class RecordSamples
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private int _counter;

    /// <summary>The same values on every call: they count up in the order of the properties.</summary>
    public static object Of(Type type) => new RecordSamples().Record(type);

    public static T Of<T>() => (T)Of(typeof(T));

    private object Record(Type type)
    {
        var constructor = type.GetConstructors().MaxBy(c => c.GetParameters().Length)
            ?? throw new NotSupportedException($"{type} has no public constructor");
        var parameters = constructor.GetParameters();
        var record = constructor.Invoke(parameters.Select(p => Value(p.ParameterType, false, p.Name!)).ToArray());
        var names = parameters.Select(p => p.Name).ToHashSet();
        foreach (var property in Properties(type).Where(p => p.CanWrite && !names.Contains(p.Name)))
            property.SetValue(record, Value(property.PropertyType, property.GetValue(record), property.Name));
        return record;
    }

    private object Value(Type type, object? present, string name)
    {
        var n = ++_counter;
        if (type == typeof(string)) return $"{name}-{n}";
        if (type == typeof(int)) return n;
        if (type == typeof(long)) return n * 10_000_000_000L;
        if (type == typeof(uint)) return (uint)n;
        if (type == typeof(double)) return n + 0.25;
        if (type == typeof(bool)) return present is not true;
        if (type == typeof(TimeSpan)) return TimeSpan.FromMilliseconds(n * 1_001);
        if (type == typeof(DateTimeOffset)) return Start.AddMilliseconds(n);
        if (Nullable.GetUnderlyingType(type) is { } inner) return Value(inner, present, name);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1)!;
        if (type == typeof(IReadOnlyDictionary<string, string>))
            return new Dictionary<string, string> { [$"{name}-a"] = $"a-{n}", [$"{name}-b"] = $"b-{n}" };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return Many(type.GetGenericArguments()[0], name);
        if (type.IsClass && type.Namespace?.StartsWith("Stockpile.Core", StringComparison.Ordinal) == true)
            return Record(type);
        throw new NotSupportedException($"{name}: no sample value for {type}");
    }

    private Array Many(Type element, string name)
    {
        var array = Array.CreateInstance(element, 2);
        for (var i = 0; i < array.Length; i++) array.SetValue(Value(element, null, name), i);
        return array;
    }

    /// <summary>Fails with the path of the first property that differs.</summary>
    public static void AssertSame(object? expected, object? actual, string path)
    {
        if (expected is null || actual is null || expected is string || expected.GetType().IsValueType)
        {
            Assert.True(Equals(expected, actual), $"{path}: {expected} became {actual}");
        }
        else if (expected is IReadOnlyDictionary<string, string> map)
        {
            var other = Assert.IsType<IReadOnlyDictionary<string, string>>(actual, exactMatch: false);
            AssertSame(map.Count, other.Count, $"{path}.Count");
            foreach (var (key, value) in map) AssertSame(value, other.GetValueOrDefault(key), $"{path}[{key}]");
        }
        else if (expected is IEnumerable list)
        {
            var (these, those) = (list.Cast<object>().ToArray(), ((IEnumerable)actual).Cast<object>().ToArray());
            AssertSame(these.Length, those.Length, $"{path}.Count");
            for (var i = 0; i < these.Length; i++) AssertSame(these[i], those[i], $"{path}[{i}]");
        }
        else
        {
            Assert.True(expected.GetType() == actual.GetType(), $"{path}: {expected} became {actual}");
            foreach (var property in Properties(expected.GetType()))
                AssertSame(property.GetValue(expected), property.GetValue(actual), $"{path}.{property.Name}");
        }
    }

    private static PropertyInfo[] Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
}

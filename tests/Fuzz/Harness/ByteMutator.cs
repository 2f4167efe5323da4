namespace Stockpile.Fuzz.Tests.Harness;

/// <summary>Changes valid bytes of length-prefixed formats: bits, lengths, cuts, repeats, groups in groups.</summary>
public static class ByteMutator
{
    /// <summary>Varints that a length or a number should never have.</summary>
    private static readonly byte[][] Varints =
    [
        [0x00], [0x7F], [0xFF, 0x01], [0xFF, 0xFF, 0x03], [0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0x07],
        [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x80, 0x80, 0x80, 0x80, 0x08],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ];

    public static byte[] Next(Random random, byte[] valid, byte[] other)
    {
        if (random.Next(50) == 0) return Noise(random, random.Next(1, 400));
        var bytes = valid.ToList();
        for (var edits = random.Next(8) == 0 ? random.Next(3, 20) : random.Next(1, 3); edits > 0; edits--)
            Edit(bytes, random, other);
        return [.. bytes];
    }

    private static void Edit(List<byte> bytes, Random random, byte[] other)
    {
        var at = random.Next(bytes.Count + 1);
        var rest = bytes.Count - at;
        switch (random.Next(9))
        {
            case < 3:
                if (rest > 0) bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 3:
                bytes.RemoveRange(at, rest);
                break;
            case 4:
                bytes.RemoveRange(at, Math.Min(rest, random.Next(1, 8)));
                break;
            case 5:
                var varint = Varints[random.Next(Varints.Length)];
                bytes.RemoveRange(at, Math.Min(rest, random.Next(0, 2)));
                bytes.InsertRange(at, varint);
                break;
            case 6:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(rest, random.Next(1, 64))));
                break;
            case 7:
                var from = random.Next(other.Length + 1);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 64))]);
                break;
            default:
                // Groups that begin and never end, in fields nobody knows: readers skip them by recursion.
                var depth = random.Next(30) == 0 ? 100_000 : random.Next(1, 200);
                bytes.InsertRange(at, Enumerable.Repeat((byte)(random.Next(2) == 0 ? 0x0B : 0x7B), depth));
                break;
        }
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}

using Google.Protobuf;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Protocol.Tests.Serialization;

/// <summary>
/// The bytes of every sample stand in <c>Golden/</c>, one line of hex per sample, so a change of the wire shows in
/// the review as a changed line. Set <c>STOCKPILE_WRITE_GOLDEN=1</c> to write the files after a change that was
/// meant; a field that is only added makes lines longer and changes nothing of what stood there.
/// </summary>
public sealed class GoldenTests
{
    private static readonly string Folder = Path.Combine(Root(), "tests", "Protocol", "Golden");

    private static readonly bool Writes = Environment.GetEnvironmentVariable("STOCKPILE_WRITE_GOLDEN") == "1";

    public static TheoryData<string> Manifests => [.. WireTypes.All.Select(row => row.Manifest)];

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_message_has_the_bytes_it_always_had(string manifest)
    {
        var golden = Golden(manifest);
        Assert.Equal(golden, Lines(manifest));
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Bytes_of_the_past_are_still_read(string manifest)
    {
        var parser = WireTypes.ParserOf(manifest)!;
        var read = Golden(manifest).Select(line => parser.ParseFrom(Convert.FromHexString(line)));
        Assert.Equal(WireSamples.Of(manifest), read);
    }

    [Fact]
    public void Every_golden_file_belongs_to_a_wire_type()
    {
        var expected = WireTypes.All.Select(row => PathOf(row.Manifest)).Order(StringComparer.Ordinal);
        Assert.Equal(expected, Directory.GetFiles(Folder).Order(StringComparer.Ordinal));
    }

    private static string[] Golden(string manifest)
    {
        var path = PathOf(manifest);
        if (Writes)
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(path, string.Join('\n', Lines(manifest)) + "\n");
        }

        Assert.True(File.Exists(path), $"{path} is missing; STOCKPILE_WRITE_GOLDEN=1 writes it");
        return File.ReadAllLines(path);
    }

    private static string[] Lines(string manifest) =>
        WireSamples.Of(manifest).Select(sample => Convert.ToHexStringLower(sample.ToByteArray())).ToArray();

    private static string PathOf(string manifest) => Path.Combine(Folder, manifest.Replace(':', '-') + ".txt");

    /// <summary>The files are read from the sources, not from a copy, so that a missing one is noticed.</summary>
    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Stockpile.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no Stockpile.slnx above the tests");
    }
}

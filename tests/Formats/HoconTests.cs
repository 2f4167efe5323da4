using Akka.Configuration.Hocon;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;

namespace Stockpile.Formats.Tests;

public sealed class HoconTests
{
    private const string Text = """"
        # jobs { on = line 1 }
        a = 1 // b = 2
        b : "x # y {", c = [ 1, 2,
          3 ]
        d {
          e.f = 30m
          "g h" = """three
        lines } ]
        here"""
          i
          {
            j = hello world
          }
        }
        jobs = [
          { name = a }
          {
            name = b
            devices = 2 }, { name = c }
        ]
        last = 1
        """";

    [Theory]
    [InlineData("a", 2)]
    [InlineData("b", 3)]
    [InlineData("c", 3)]
    [InlineData("c[1]", 3)]
    [InlineData("c[2]", 4)]
    [InlineData("d", 5)]
    [InlineData("d.e", 6)]
    [InlineData("d.e.f", 6)]
    [InlineData("d.\"g h\"", 7)]
    [InlineData("d.i", 10)]
    [InlineData("d.i.j", 12)]
    [InlineData("jobs", 15)]
    [InlineData("jobs[0].name", 16)]
    [InlineData("jobs[1]", 17)]
    [InlineData("jobs[1].devices", 19)]
    [InlineData("jobs[2].name", 19)]
    [InlineData("jobs[1].absent", 17)]
    [InlineData("last", 21)]
    [InlineData("absent", 1)]
    public void A_key_is_found_on_its_line(string path, int line) =>
        Assert.Equal(line, KeyLocator.Scan("t", Text).LineOf(path));

    [Fact]
    public void Values_are_read_as_they_are_written()
    {
        var root = ConfigDocument.Parse("t", Text);
        Assert.Equal("x # y {", root.GetText("b"));
        Assert.Equal(["1", "2", "3"], root.GetTexts("c", 10));
        var d = root.GetSection("d");
        Assert.Equal(TimeSpan.FromMinutes(30), d.GetSection("e").GetDuration("f"));
        Assert.Equal("three\nlines } ]\nhere", d.GetText("g h"));
        Assert.Equal("hello world", d.GetSection("i").GetText("j"));
        Assert.Equal(["a", "b", "c"], root.GetSections("jobs", 10).Select(j => j.GetText("name")));
        Assert.Equal("missing here", root.GetText("absent", "missing here"));
    }

    [Theory]
    [InlineData("{\"name\":\"null\",\"kind\":\"batch\",\"tasks\":4,\"devices\":1,\"duration\":\"2h\"}")]
    [InlineData("\uFEFF{\r\n  \"name\"\r\n : \"null\"\r\n , \"kind\": \"batch\",\r\n" +
        "\"tasks\": 4, \"devices\": 1, \"duration\": \"2h\"\r\n}\r\n")]
    [InlineData("[ { \"name\": \"null\", \"kind\": \"batch\"\n, " +
        "\"tasks\": 4, \"devices\": 1, \"duration\": \"2h\" }\n]")]
    [InlineData("# one\n[ { name = \"null\"\nkind = batch\n # c\n , tasks = 4e0, devices = 1, duration = 120m } ]")]
    [InlineData("jobs = [ { name = \"n\\u0075ll\", kind = batch, tasks = 4, devices = 1, duration = 7200s } ]")]
    [InlineData("jobs : [ { name = \"null\", kind : batch, tasks : 4, devices : 1, duration : 7200000ms } , ]")]
    public void Hocon_and_json_give_the_same_job(string text)
    {
        var job = Assert.Single(JobFile.ParseText(text, Shipped.Catalog, Shipped.Policy));
        Assert.Equal("null", job.Name);
        Assert.Equal(JobKind.Batch, job.Kind);
        Assert.Equal(4, job.Tasks);
        Assert.Equal(1, job.Devices);
        Assert.Equal(TimeSpan.FromHours(2), job.Duration);
    }

    [Fact]
    public void An_error_in_a_root_array_names_its_line()
    {
        var error = Assert.Throws<InputException>(() => JobFile.ParseText(
            "[\n{ \"name\": \"a\", \"kind\": \"batch\"\n, \"tasks\": 1\n, \"devices\": -1, \"duration\": \"1h\" } ]",
            Shipped.Catalog, Shipped.Policy, "j"));
        Assert.StartsWith("j:4: key 'jobs[0].devices': -1 is not allowed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_field_of_a_job_is_read()
    {
        var gang = Assert.Single(JobFile.ParseText("""
            name = "a gang", kind = training, tenant = t, priority = critical, models = [H800, A100], min-memory = 40GiB
            cpu = 1.5, memory = 2TiB, labels { rack = r1 }, devices = 16, per-node = 8, min-devices = 8
            max-devices = 32, work = 12.5, checkpoint = 90s, generation = 3
            topology { required = pod, preferred = rack }
            """, Shipped.Catalog, Shipped.Policy));
        Assert.Equal(
            ("a gang", "t", Priority.Critical, 40_960, 1_500, 2_097_152L, 16, 8, 8, 32, 12.5, 3),
            (gang.Name, gang.Tenant, gang.Priority, gang.MinMemoryMiB, gang.CpuMilli, gang.MemoryMiB, gang.Devices,
                gang.PerNode, gang.MinDevices, gang.MaxDevices, gang.WorkHours, gang.Generation));
        Assert.Equal((TopologyLevel.Pod, TopologyLevel.Rack), (gang.TopologyRequired, gang.TopologyPreferred));
        Assert.Equal(["H800", "A100"], gang.Models);
        Assert.Equal("r1", gang.Labels["rack"]);
        Assert.Equal(TimeSpan.FromSeconds(90), gang.Checkpoint);

        var service = Assert.Single(JobFile.ParseText("""
            name = s, kind = inference, tiers = [basic], share = 250, replicas { min = 0, max = 9 }, demand = 12.5
            latency-class = fast, guest = false
            """, Shipped.Catalog, Shipped.Policy));
        Assert.Equal((250, 0, 9, new Demand(12.5, 12.5, 0), "fast", false, Priority.Normal, "default"),
            (service.ShareMilli, service.MinReplicas, service.MaxReplicas, service.Demand, service.LatencyClass,
                service.Guest, service.Priority, service.Tenant));

        var weekly = Assert.Single(JobFile.ParseText("""
            name = s, kind = inference, devices = 2, replicas { min = 0, max = 9 }
            demand { base = 1, peak = 2, peak-hour = 8, weekend = 0.25, zone = Asia/Shanghai }
            serving { requests-per-device = 1.5, decode-share = 0.4, utilisation = 0.6 }
            """, Shipped.Catalog, Shipped.Policy));
        Assert.Equal((new Demand(1, 2, 8, 0.25, "Asia/Shanghai"), new ServingRate(1.5, 0.4, 0.6)),
            (weekly.Demand, weekly.Serving));

        var batch = Assert.Single(JobFile.ParseText(
            "name = b, kind = batch, tasks = 3, cpu = 2, duration = 1d, retries = 0", Shipped.Catalog, Shipped.Policy));
        Assert.Equal(
            (0, 0, 2_000, TimeSpan.FromDays(1), 0),
            (batch.Devices, batch.ShareMilli, batch.CpuMilli, batch.Duration, batch.Retries));
    }

    [Fact]
    public void Dotted_keys_and_one_object_share_their_fields()
    {
        var a = ConfigDocument.Parse("t", "a.b = 1, a.c.d = 2\na.c.e = 3\na { f = \"q\\\"\" }").GetSection("a");
        Assert.Equal(["b", "c", "f"], a.Keys);
        Assert.Equal("1", a.GetText("b"));
        Assert.Equal("3", a.GetSection("c").GetText("e"));
        Assert.Equal("q\"", a.GetText("f"));
    }

    [Fact]
    public void Keys_of_many_dots_count_as_nesting()
    {
        var path = string.Join('.', Enumerable.Repeat("a", 20));
        Assert.Throws<InputException>(() => KeyLocator.Scan("t", $"{path} {{ {path} = 1 }}"));
    }

    [Theory]
    [InlineData("accelerators.conf")]
    [InlineData("policy.conf")]
    [InlineData("jobs/examples.conf")]
    public void Akkas_own_parser_reads_the_shipped_files_alike(string name)
    {
        var text = File.ReadAllText(Shipped.Hocon(name));
        var ours = Flat(Parser.Parse(KeyLocator.Scan(name, text).Json, null).Value);
        Assert.True(ours.Count > 10);
        Assert.Equal(Flat(Parser.Parse(text, null).Value), ours);
    }

    private static List<string> Flat(HoconValue value, string path = "")
    {
        if (value.IsObject())
            return [.. value.GetObject().Items.SelectMany(i => Flat(i.Value, $"{path}.{i.Key}"))];
        return value.Values.Any(v => v is HoconArray)
            ? [.. value.GetArray().SelectMany((item, i) => Flat(item, $"{path}[{i}]"))]
            : [$"{path}={value.GetString()}"];
    }

    [Theory]
    [InlineData("30m", 1_800_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("90s", 90_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("250 ms", 250)]
    [InlineData("-5m", -300_000)]
    [InlineData("30", null)]
    [InlineData("m", null)]
    [InlineData("", null)]
    [InlineData("1h30m", null)]
    [InlineData("1 hour", null)]
    [InlineData("NaNs", null)]
    [InlineData("1..5s", null)]
    [InlineData("99999999999999999999d", null)]
    public void Durations_have_units(string text, int? milliseconds)
    {
        Assert.Equal(milliseconds is not null, Units.TryDuration(text, out var duration));
        if (milliseconds is { } expected) Assert.Equal(expected, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("20GiB", 20_480)]
    [InlineData("512MiB", 512)]
    [InlineData("1.5TiB", 1_572_864)]
    [InlineData("0MiB", 0)]
    [InlineData("0.3MiB", null)]
    [InlineData("20GB", null)]
    [InlineData("20", null)]
    [InlineData("GiB", null)]
    [InlineData("1e3MiB", null)]
    [InlineData("99999999999999999999TiB", null)]
    public void Sizes_have_units(string text, int? mebibytes)
    {
        Assert.Equal(mebibytes is not null, Units.TrySize(text, out var size));
        if (mebibytes is { } expected) Assert.Equal(expected, size);
    }
}

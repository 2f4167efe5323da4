using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Policies;

namespace Stockpile.Formats.Tests;

/// <summary>Every error is one line that names the file, the line and the key.</summary>
public sealed class InputErrorTests
{
    private const string Gang = "name = a\nkind = training\nwork = 1\n";
    private const string Service = "name = a\nkind = inference\nreplicas { min = 1, max = 2 }\n";
    private const string Task = "name = a\nkind = batch\n";

    [Theory]
    [InlineData("jobs = [\n{ name = a, kind = training, work = 1\ndevices = -3 } ]",
        "j:3: key 'jobs[0].devices': -3 is not allowed; 1..100000")]
    [InlineData(Gang + "devices = 100001", "j:4: key 'devices': 100001 is not allowed; 1..100000")]
    [InlineData(Gang + "devices = 99999999999999", "j:4: key 'devices': 99999999999999 is not allowed; 1..100000")]
    [InlineData(Gang + "devices = 1.5", "j:4: key 'devices': '1.5' is not a whole number; 1..100000")]
    [InlineData(Gang + "devices = many", "j:4: key 'devices': 'many' is not a whole number; 1..100000")]
    [InlineData(Gang + "device = 8", "j:4: key 'device': is not known (did you mean 'devices'?); allowed: ")]
    [InlineData(Gang, "j:1: key 'devices': is missing; 1..100000")]
    [InlineData(Gang + "devices = 0", "j:4: key 'devices': 0 is not allowed; 1..100000")]
    [InlineData(Service + "devices = 0", "j:4: key 'devices': 0 is not allowed; 1..16")]
    [InlineData(Gang + "devices = [8]", "j:4: key 'devices': is a list where one value is expected")]
    [InlineData(Gang + "devices = { n = 8 }", "j:4: key 'devices': is an object where one value is expected")]
    [InlineData("nam = a\nkind = batch", "j:1: key 'nam': is not known, and 'name' is missing; did you mean 'name'?")]
    [InlineData("name = a", "j:1: key 'kind': is missing")]
    [InlineData("name = a\nkind = trainig", "j:2: key 'kind': 'trainig' is not allowed (did you mean 'training'?); " +
        "training, inference, batch")]
    [InlineData(Gang + "devices = 8, priority = urgent", "j:4: key 'priority': 'urgent' is not allowed; low, normal")]
    [InlineData(Gang + "devices = 8\ntiers = [top]", "j:5: key 'tiers': 'top' is not a known tier; frontier, advanced")]
    [InlineData(Gang + "devices = 8\nmodels = [H900]", "j:5: key 'models': 'H900' is not a known model; H100, H800")]
    [InlineData(Gang + "devices = 8\ntiers = [basic]\nmodels = [T4]", "j:6: key 'models': cannot stand beside tiers")]
    [InlineData(Gang + "devices = 8\ntiers = frontier", "j:5: key 'tiers': is not a list; write [ … ]")]
    [InlineData(Gang + "devices = 8\ncheckpoint = 30", "j:5: key 'checkpoint': '30' is not a duration; a number and")]
    [InlineData(Gang + "devices = 8\ncheckpoint = -5m", "j:5: key 'checkpoint': -5m is not allowed; 0s or more")]
    [InlineData(Gang + "devices = 8\nmemory = 20GB", "j:5: key 'memory': '20GB' is not a size; a number and a unit")]
    [InlineData(Gang + "devices = 8\nmin-memory = 900GiB", "j:5: key 'min-memory': 921600MiB is more than any allowed")]
    [InlineData(Gang + "devices = 8\nper-node = 3", "j:4: key 'devices': 8 is not a multiple of per-node (3)")]
    [InlineData(Gang + "devices = 8\nmin-devices = 9", "j:5: key 'min-devices': 9 is more than devices (8)")]
    [InlineData(Gang + "devices = 8\nreplicas { min = 1, max = 2 }",
        "j:5: key 'replicas': does not belong to a job of")]
    [InlineData("name = a, kind = training, devices = 8\nwork = -1", "j:2: key 'work': -1 is not allowed; a number of")]
    [InlineData("name = a, kind = training, devices = 8\nwork = 1e400", "j:2: key 'work': '1e400' is not a number")]
    [InlineData(Gang + "devices = 8\nlabels { a = { b = 1 } }", "j:5: key 'labels.a': is an object where one value")]
    [InlineData(Gang + "devices = 8\nlabels = x", "j:5: key 'labels': is not an object; write { … }")]
    [InlineData(Gang + "devices = 8\ntenant = \"a b\"", "j:5: key 'tenant': 'a b' is not allowed; 1 to 128 letters")]
    [InlineData(Service + "share = 1000", "j:4: key 'share': 1000 is not allowed; 1..999")]
    [InlineData(Service + "share = 5\ndevices = 1",
        "j:4: key 'share': cannot stand beside devices; give one of the two")]
    [InlineData(Service + "devices = 1\ndemand { base = 9, peak = 3, peak-hour = 1 }",
        "j:5: key 'demand': a peak of 3 is")]
    [InlineData(Service + "devices = 1\ndemand { base = 9, peek = 3 }",
        "j:5: key 'demand.peek': is not known, and 'peak'")]
    [InlineData(Service + "devices = 1\nguest = maybe", "j:5: key 'guest': 'maybe' is not true or false")]
    [InlineData("name = a, kind = inference, devices = 1\nreplicas {\n min = 3\n max = 2 }",
        "j:3: key 'replicas.min': 3 is")]
    [InlineData(Task + "tasks = 1\nduration = 1h", "j:1: key 'devices': is missing; 1..16, a share of 1..999, or cpu")]
    [InlineData(Task + "tasks = 1\ndevices = 1", "j:1: key 'duration': is missing; give a duration or work")]
    [InlineData(Task + "tasks = 0", "j:3: key 'tasks': 0 is not allowed; 1..10000")]
    [InlineData(Task + "tasks = 1\ndevices = 17\nduration = 1h", "j:4: key 'devices': 17 is not allowed; 0..16")]
    [InlineData(Task + "tasks = 1\ndevices = 1\nduration = 0s", "j:5: key 'duration': 0s is not allowed; above 0s")]
    [InlineData(Task + "tasks = 1\ncpu = 0.0001", "j:4: key 'cpu': 0.0001 is not allowed; 0, or 0.001..100000")]
    [InlineData(Task + "tasks = 1\ndevices = 1\nretries = -1", "j:5: key 'retries': -1 is not allowed; 0..1000")]
    [InlineData(Service + "devices = 1\nretries = 1", "j:5: key 'retries': does not belong to a job of kind inference")]
    [InlineData(Service + "devices = 1\ndemand { base = 1, peak = 3, peak-hour = 1, zone = Mars }",
        "j:5: key 'demand': a zone of 'Mars' is not known here; the IANA name of a time zone, such as Asia/Shanghai")]
    [InlineData(Gang + "devices = 1e30", "j:4: key 'devices': 1e30 is not allowed; 1..100000")]
    [InlineData("name = \"a\\u202eb\"\nkind = batch, tasks = 1, devices = 1, duration = 1h",
        "j:1: key 'name': 'a<U+202E>b' is not allowed, because of the character U+202E; 1 to 128 printable characters")]
    [InlineData("jobs = []", "j:1: key 'jobs': is empty")]
    [InlineData("jobs = [ 3 ]", "j:1: key 'jobs[0]': is not an object; write { … }")]
    public void A_bad_job_is_refused_with_file_line_and_key(string text, string message)
    {
        var error = Assert.Throws<InputException>(
            () => JobFile.ParseText(text, Shipped.Catalog, Shipped.Policy, "j"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("a = {\n b = 1", "s:2: the '{' of line 1 is never closed")]
    [InlineData("\na = [1,\n2", "s:3: key 'a': the '[' of line 2 is never closed")]
    [InlineData("a = 1\nb = \"x\nc = 2", "s:2: a '\"' is never closed")]
    [InlineData("a = \"\"\"x\ny", "s:1: a '\"\"\"' is never closed")]
    [InlineData("a = 1\n}", "s:2: '}' stands where a key is expected")]
    [InlineData("{ a = 1 }\n}", "s:2: '}' stands after the end")]
    [InlineData("a = 1\na = 2", "s:2: key 'a': stands twice; the first is on line 1")]
    [InlineData("a { b = 1 }\na { b = 2 }", "s:2: key 'a': stands twice")]
    [InlineData("a.b = 1\na = 2", "s:2: key 'a': stands twice")]
    [InlineData("a = 1\na.b = 2", "s:2: key 'a': stands twice")]
    [InlineData("a += 1", "s:1: key 'a': '+=' is not supported")]
    [InlineData("a = ${b}", "s:1: key 'a': substitutions such as ${x} are not supported")]
    [InlineData("include \"x\"", "s:1: 'include' is not supported")]
    [InlineData("a =\n", "s:1: key 'a': has no value")]
    [InlineData("a = null", "s:1: key 'a': null is not a value")]
    [InlineData("a", "s:1: key 'a': needs '=', ':' or '{'")]
    [InlineData("a..b = 1", "s:1: key 'a': '.' stands where a key is expected")]
    [InlineData("\"\" = 1", "s:1: a key is empty")]
    [InlineData("a = [1,,2]", "s:1: key 'a[0]': two commas")]
    [InlineData("a = [1] [2]", "s:1: key 'a': '[' stands after the value")]
    [InlineData("a = { b = 1 } { c = 1 }", "s:1: key 'a': '{' stands after the value")]
    [InlineData("a = \"x\" y", "s:1: key 'a': 'y' stands after the value")]
    [InlineData("a = \"\\q\"", "s:1: '\\q' is not an escape")]
    [InlineData("a = \"\\u12\"", "s:1: '\\u' needs four hexadecimal digits")]
    [InlineData("{ \"a\": 3 \"b\": 1 }", "s:1: key 'a': a '\"' stands after the value; a comma or a quote is missing")]
    [InlineData("a = http://x", "s:1: key 'a': ':' is not allowed outside quotes")]
    [InlineData("a = b\u0000c", "s:1: key 'a': '<U+0000>' is not allowed outside quotes")]
    [InlineData("[1]", "s:1: '[' stands where a key is expected")]
    public void A_text_that_is_not_well_formed_is_refused_with_its_line(string text, string message)
    {
        var error = Assert.Throws<InputException>(() => Hocon.KeyLocator.Scan("s", text));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_has_a_limit()
    {
        var text = string.Concat(Enumerable.Repeat("{a=", 200_000));
        var error = Assert.Throws<InputException>(() => Hocon.KeyLocator.Scan("s", text));
        Assert.Equal("s:1: is nested deeper than 24 levels", error.Message);
        Assert.Throws<InputException>(() => Hocon.KeyLocator.Scan("s", "a = " + new string('[', 200_000)));
    }

    [Theory]
    [InlineData("tiers = [a]\nmodels { m { tier = b } }", "c:2: key 'models.m.tier': 'b' is not a known tier (did you")]
    [InlineData("tiers = [a, a]\nmodels {}", "c:1: key 'tiers': names a tier twice")]
    [InlineData("tiers = [a]\nmodels {}", "c:2: key 'models': is empty")]
    [InlineData("tiers = [a]\nmodels { m { tier = a, memory = -1GiB } }", "c:2: key 'models.m.memory': -1GiB is not")]
    [InlineData("tiers = [a]\nmodels { m { tier = a, memory = 1GiB, fp16 = 0 } }",
        "c:2: key 'models.m.fp16': 0 is not")]
    [InlineData("models { m { tier = a } }", "c:1: key 'tiers': is missing")]
    public void A_bad_catalogue_is_refused(string text, string message)
    {
        var error = Assert.Throws<InputException>(() => CatalogFile.ParseText(text, "c"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    private const string Kinds =
        "name = p, training { tiers = [frontier] }, inference { tiers = [basic] }, batch { tiers = [basic] }";

    [Theory]
    [InlineData("policy { name = p, training { tiers = [top] } }",
        "p:1: key 'policy.training.tiers': 'top' is not a kn")]
    [InlineData("policy { name = p\ntraining { tiers = [] } }",
        "p:2: key 'policy.training.tiers': is missing; frontier")]
    [InlineData("policy { name = p, training { tiers = [basic], guest-tiers = [basic] } }",
        "p:1: key 'policy.training.guest-tiers': 'basic' is a home tier")]
    [InlineData("policy { KINDS\nbackfill { reservation = 3 } }",
        "p:2: key 'policy.backfill.reservation': is not known (did you mean 'reservations'?)")]
    [InlineData("policy { KINDS\nbackfill { reservations = 0 } }", "p:2: key 'policy.backfill.reservations': 0 is not")]
    [InlineData("policy { KINDS\nbackfill { after = soon } }",
        "p:2: key 'policy.backfill.after': 'soon' is not a duration")]
    [InlineData("policy { KINDS\nqueue { preemption { min-run-time = 30 } } }",
        "p:2: key 'policy.queue.preemption.min-run-time': '30' is not a duration")]
    [InlineData("policy { KINDS\nqueue { preemption { min-run-time = 5h } } }",
        "p:2: key 'policy.queue.preemption.max-protection': is less than min-run-time")]
    [InlineData("policy { KINDS\nqueue { preemption { hold-bak = on } } }",
        "p:2: key 'policy.queue.preemption.hold-bak': is not known")]
    [InlineData("policy { KINDS\nqueue { fair-share { weights { research = 0 } } } }",
        "p:2: key 'policy.queue.fair-share.weights.research': 0 is not allowed")]
    [InlineData("policy { KINDS\nqueue { fair-share { weights { \"no name!\" = 2 } } } }",
        "p:2: key 'policy.queue.fair-share.weights.\"no name!\"': 'no name!' is not a tenant's name; 1 to 128 letters")]
    [InlineData("policy { KINDS\nnodes { rest-after = -1 } }",
        "p:2: key 'policy.nodes.rest-after': -1 is not allowed; 0..1000")]
    [InlineData("policy { KINDS\nnodes { rest = 30m, max-rest = 10m } }",
        "p:2: key 'policy.nodes.max-rest': is less than rest")]
    [InlineData("policy { KINDS\nquotas { a { fronter { nominal = 1% } } } }",
        "p:2: key 'policy.quotas.a.fronter': is not a known tier (did you mean 'frontier'?)")]
    [InlineData("policy { KINDS\nquotas { a { frontier { nominal = 40 } } } }",
        "p:2: key 'policy.quotas.a.frontier.nominal': '40' is not a percentage; 0%..100%")]
    [InlineData("policy { KINDS\nquotas { a { frontier { nominal = 60% } }, b { frontier { nominal = 50% } } } }",
        "p:2: key 'policy.quotas': the nominal quotas of frontier add up to 110%")]
    [InlineData("policy { KINDS\nobjective = godput }",
        "p:2: key 'policy.objective': 'godput' is not an objective (did you mean 'goodput'?)")]
    [InlineData("policy { KINDS\nplacement { policy = bestfitt } }",
        "p:2: key 'policy.placement.policy': 'bestfitt' is not a scoring policy (did you mean 'bestfit'?)")]
    [InlineData("policy { KINDS\nplacement { migration-budget = 2 } }",
        "p:2: key 'policy.placement.migration-budget': 2 is not allowed")]
    [InlineData("polcy { }", "p:1: key 'polcy': is not known, and 'policy' is missing; did you mean 'policy'?")]
    public void A_bad_policy_is_refused(string text, string message)
    {
        var error = Assert.Throws<InputException>(() => PolicyFile.ParseText(
            text.Replace("KINDS", Kinds, StringComparison.Ordinal), Shipped.Catalog, "p"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model = H80, count = 1, devices = 8, cpu = 1, memory = 1GiB",
        "f:2: key 'fleet.cells.n.groups[0].model': " +
        "'H80' is not a known model (did you mean 'H800'?)")]
    [InlineData("model = \"H800@advanced\", count = 1, devices = 8, cpu = 1, memory = 1GiB",
        "f:2: key 'fleet.cells.n.groups[0].model': 'H800@advanced' is not a known model")]
    [InlineData("model = H800, tier = advancd, count = 1, devices = 8, cpu = 1, memory = 1GiB",
        "f:2: key 'fleet.cells.n.groups[0].tier': 'advancd' is not a known tier (did you mean 'advanced'?); front")]
    [InlineData("model = H800, count = -1, devices = 8, cpu = 1, memory = 1GiB",
        "f:2: key 'fleet.cells.n.groups[0].count': -1")]
    [InlineData("model = H800, count = 1, devices = 17, cpu = 1, memory = 1GiB",
        "f:2: key 'fleet.cells.n.groups[0].devices'")]
    [InlineData("model = H800, count = 1, devices = 8, cpu = 1, memory = 1",
        "f:2: key 'fleet.cells.n.groups[0].memory': '1'")]
    [InlineData("model = H800, count = 1, devices = 8, cpu = 1, memory = 1GiB, gpu = 1",
        "f:2: key 'fleet.cells.n.groups[0].gpu'")]
    public void A_bad_fleet_is_refused(string group, string message)
    {
        var text = $"fleet {{ name = f, cells {{ n {{ groups = [\n{{ {group} }} ] }} }} }}";
        var error = Assert.Throws<InputException>(() => FleetFile.ParseText(text, Shipped.Catalog, "f"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("count = 0", "s:2: key 'scenario.jobs[0].count': 0 is not allowed; 1..1000000")]
    [InlineData("evry = 3m", "s:2: key 'scenario.jobs[0].evry': is not known (did you mean 'every'?)")]
    [InlineData("count = 1000000, every = 365d",
        "s:2: key 'scenario.jobs[0].every': takes the last arrival beyond 3650 days")]
    [InlineData("start = 9999d", "s:2: key 'scenario.jobs[0].start': is too long; at most 3650d")]
    public void A_bad_scenario_is_refused(string template, string message)
    {
        var text = "scenario { name = s, jobs = [\n{ " + template +
            ", job { name = a, kind = batch, tasks = 1, devices = 1, duration = 1h } } ] }";
        var error = Assert.Throws<InputException>(
            () => ScenarioFile.ParseText(text, Shipped.Catalog, Shipped.Policy, 1, "s"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var binary = Path.Combine(folder, "binary.conf");
            File.WriteAllBytes(binary, [0x61, 0xff, 0xfe, 0x00]);
            var large = Path.Combine(folder, "large.conf");
            using (var stream = File.Create(large)) stream.SetLength(FormatLimits.FileBytesMax + 1);
            Assert.EndsWith("none.conf: does not exist", Read("none.conf").Message, StringComparison.Ordinal);
            Assert.EndsWith("is a folder, not a file", Read("").Message, StringComparison.Ordinal);
            Assert.EndsWith("is not UTF-8 text", Read("binary.conf").Message, StringComparison.Ordinal);
            Assert.EndsWith("is larger than 16 MiB", Read("large.conf").Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        InputException Read(string name) =>
            Assert.Throws<InputException>(() => CatalogFile.Read(Path.Combine(folder, name)));
    }

    [Fact]
    public void A_name_of_one_megabyte_makes_one_short_line()
    {
        var name = new string('x', 1 << 20);
        string[] texts =
        [
            $"name = {name}\nkind = batch\ntasks = 1\ndevices = 1\nduration = 1h",
            $"name = a\nkind = {name}",
            $"name = a\nkind = batch\n{name} = 1",
            $"name = a\nkind = batch\nlabels {{ {name} = 1 }}",
            $"name = a\nkind = batch\ntasks = {name}",
            $"name = a\nkind = batch\ntenant = {name}\ntasks = 1, devices = 1, duration = 1h",
            $"name = a\nkind = batch\nmodels = [{name}]\ntasks = 1, devices = 1, duration = 1h",
            $"name = a\nkind = batch\nduration = {name}",
        ];
        foreach (var text in texts)
        {
            var error = Assert.Throws<InputException>(() => JobFile.ParseText(text, Shipped.Catalog, Shipped.Policy));
            Assert.True(error.Message.Length < 600, error.Message);
            Assert.DoesNotContain('\n', error.Message);
            Assert.True(error.Line > 0);
        }
    }
}

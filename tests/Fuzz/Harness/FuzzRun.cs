using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Text;
using Stockpile.Tests.Shared;

namespace Stockpile.Fuzz.Tests.Harness;

/// <summary>How many cases of a family were taken, and how many were refused with a clear error.</summary>
public sealed record FuzzCount(int Accepted, int Refused);

/// <summary>
/// Runs the cases of one family on a thread of its own, one after the other. Case i draws from the seed, the family's
/// name and i alone, so a failure is repeated by its number:
/// <c>STOCKPILE_FUZZ_CASE=jobs:1234 dotnet test tests/Fuzz -c Release</c>. <c>STOCKPILE_FUZZ_SEED</c> takes another
/// seed and <c>STOCKPILE_FUZZ_TIMES</c> multiplies the cases, for nights. The fast suite runs a tenth.
/// </summary>
public sealed class FuzzRun<T>(string family, int cases, Func<Random, T> make, Func<T, ValueTask<bool>> act)
{
    private const int SeedDefault = 20_260_101;

    /// <summary>What a case may take on a machine that others use too; a parser that hangs takes for ever.</summary>
    private static readonly TimeSpan CaseMax = TimeSpan.FromSeconds(30);

    private static readonly int Seed = Number("STOCKPILE_FUZZ_SEED", SeedDefault);
    private static readonly int Times = Number("STOCKPILE_FUZZ_TIMES", 1);
    private static readonly int Parts = Suite.IsFast ? 10 : 1;
    private static readonly string? Only = Environment.GetEnvironmentVariable("STOCKPILE_FUZZ_CASE");

    private readonly int _cases = cases * Times / Parts;
    private volatile int _case = -1;
    private long _began;
    private T? _input;

    /// <summary>Size of an input in bytes, which bounds what reading it may allocate.</summary>
    public required Func<T, long> SizeOf { get; init; }

    public required Func<T, string> Show { get; init; }

    /// <summary>Bytes that any case may allocate, however small its input is.</summary>
    public long AllocatedBytesBase { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes that a case may allocate for each byte of its input.</summary>
    public long AllocatedBytesPerByte { get; init; } = 400;

    /// <summary>Least share of cases, in percent, that must end each way; else the mutations show nothing.</summary>
    public double EachWayPercentMin { get; init; } = 2;

    /// <summary>Runs all cases and fails with the first that broke a rule.</summary>
    public async Task<FuzzCount> RunAsync()
    {
        if (Only is not null && !Only.StartsWith(family + ":", StringComparison.Ordinal)) return new FuzzCount(0, 0);
        var done = new TaskCompletionSource<FuzzCount>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The size of a thread of .NET's pool on Linux: a recursion that kills the product kills the test.
        var thread = new Thread(() => Complete(done), maxStackSize: 1536 * 1024) { IsBackground = true };
        thread.Start();
        while (await Task.WhenAny(done.Task, Task.Delay(TimeSpan.FromMilliseconds(500))) != done.Task)
            if (_case >= 0 && TimeProvider.System.GetElapsedTime(Volatile.Read(ref _began)) > CaseMax)
                Assert.Fail(Failed($"hangs for more than {CaseMax.TotalSeconds} s"));
        var count = await done.Task;
        if (Only is not null) return count;
        var least = _cases * EachWayPercentMin / 100;
        Assert.True(count.Accepted >= least && count.Refused >= least,
            $"{family}: {count.Accepted} accepted and {count.Refused} refused of {_cases}; "
            + $"each must be {EachWayPercentMin} % at least");
        return count;
    }

    private void Complete(TaskCompletionSource<FuzzCount> done)
    {
        try
        {
            done.SetResult(RunAll());
        }
        catch (Exception fault)
        {
            done.SetException(fault);
        }
    }

    private FuzzCount RunAll()
    {
        var only = Only is null ? -1 : int.Parse(Only.AsSpan(family.Length + 1), CultureInfo.InvariantCulture);
        using var mark = new CaseMark(family, Seed);
        var (accepted, refused) = (0, 0);
        for (var i = Math.Max(0, only); i < (only < 0 ? _cases : only + 1); i++)
        {
            mark.Set(i);
            if (RunOne(i)) accepted++;
            else refused++;
        }

        return new FuzzCount(accepted, refused);
    }

    private bool RunOne(int number)
    {
        _input = make(new Random(SeedOf(number)));
        Volatile.Write(ref _began, TimeProvider.System.GetTimestamp());
        _case = number;
        var before = GC.GetAllocatedBytesForCurrentThread();
        bool accepted;
        try
        {
            accepted = act(_input).AsTask().GetAwaiter().GetResult();
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException(Failed($"{fault.GetType().Name}: {fault.Message}"), fault);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        _case = -1;
        var most = AllocatedBytesBase + AllocatedBytesPerByte * SizeOf(_input);
        return allocated <= most
            ? accepted
            : throw new InvalidOperationException(Failed($"allocated {allocated} bytes, more than {most}"));
    }

    /// <summary>FNV-1a: the same number in every process.</summary>
    private int SeedOf(int number)
    {
        var hash = 2_166_136_261u ^ (uint)Seed;
        foreach (var c in family) hash = (hash ^ c) * 16_777_619u;
        return (int)(((hash ^ (uint)number) * 16_777_619u) & int.MaxValue);
    }

    private string Failed(string what)
    {
        var shown = Show(_input!);
        var text = shown.Length <= 4_000 ? shown : $"{shown[..4_000]}… ({shown.Length} characters)";
        return $"seed {Seed}, {family}:{_case} {what}\nagain: STOCKPILE_FUZZ_SEED={Seed} "
            + $"STOCKPILE_FUZZ_CASE={family}:{_case} dotnet test tests/Fuzz -c Release\ninput: {text}";
    }

    private static int Number(string variable, int absent) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : absent;
}

/// <summary>
/// The number of the running case in a mapped file: a stack that overflows ends the process without a word, and the
/// file that stays behind in the temporary folder names the case.
/// </summary>
internal sealed class CaseMark : IDisposable
{
    private const int LengthMax = 64;

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _seed;

    public CaseMark(string family, int seed)
    {
        _seed = seed;
        _path = Path.Combine(Path.GetTempPath(), $"stockpile-fuzz-{family}-{Environment.ProcessId}.case");
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Create, null, LengthMax);
        _view = _file.CreateViewAccessor();
    }

    public void Set(int number)
    {
        var text = Encoding.ASCII.GetBytes($"seed {_seed} case {number}".PadRight(LengthMax));
        _view.WriteArray(0, text, 0, text.Length);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}

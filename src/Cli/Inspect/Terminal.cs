namespace Stockpile.Cli.Inspect;

/// <summary>The terminal while a shell runs: Ctrl+C is a key that ends a command, not a signal that ends everything.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private const int KeysAheadMax = 4_096;

    private readonly bool _before = Console.TreatControlCAsInput;

    /// <summary>What is typed while a command runs belongs to the next line, as in every shell.</summary>
    private readonly Queue<ConsoleKeyInfo> _ahead = [];

    public Terminal() => Console.TreatControlCAsInput = true;

    public ConsoleKeyInfo ReadKey() => _ahead.TryDequeue(out var key) ? key : Console.ReadKey(intercept: true);

    public static int Width() => Console.WindowWidth > 0 ? Console.WindowWidth : 80;

    /// <summary>Whether Ctrl+C was pressed; it forgets what was typed ahead.</summary>
    public bool IsInterrupted()
    {
        while (Console.KeyAvailable)
        {
            var key = Console.ReadKey(intercept: true);
            if (LineEditor.IsControl(key, ConsoleKey.C))
            {
                _ahead.Clear();
                return true;
            }

            if (_ahead.Count < KeysAheadMax) _ahead.Enqueue(key);
        }

        return false;
    }

    public void Dispose() => Console.TreatControlCAsInput = _before;
}

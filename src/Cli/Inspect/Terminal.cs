namespace Stockpile.Cli.Inspect;

/// <summary>The terminal while a shell runs: Ctrl+C is a key that ends a command, not a signal that ends everything.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private readonly bool _before = Console.TreatControlCAsInput;

    public Terminal() => Console.TreatControlCAsInput = true;

    public static ConsoleKeyInfo ReadKey() => Console.ReadKey(intercept: true);

    public static int Width() => Console.WindowWidth > 0 ? Console.WindowWidth : 80;

    /// <summary>Whether Ctrl+C was pressed; other keys are thrown away, as nobody reads them while a command runs.
    /// </summary>
    public static bool IsInterrupted()
    {
        while (Console.KeyAvailable)
            if (LineEditor.IsControl(Console.ReadKey(intercept: true), ConsoleKey.C))
                return true;
        return false;
    }

    public void Dispose() => Console.TreatControlCAsInput = _before;
}

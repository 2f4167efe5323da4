using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>Commands within a round.</summary>
public static class RoundCommands
{
    /// <summary>Decides a command and takes up its events.</summary>
    public static Decision Run(this RoundWriter round, CellCommand command)
    {
        var decision = CellDecider.Decide(round.State, command);
        if (decision is Accepted accepted)
            foreach (var committed in accepted.Events) round.Commit(committed);
        return decision;
    }
}

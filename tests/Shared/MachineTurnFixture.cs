namespace Stockpile.Tests.Shared;

/// <summary>Holds the turn as long as the tests of an assembly run.</summary>
public sealed class MachineTurnFixture : IAsyncLifetime
{
    private MachineTurn? _turn;

    public async ValueTask InitializeAsync() => _turn = await MachineTurn.TakeAsync();

    public ValueTask DisposeAsync() => _turn?.DisposeAsync() ?? ValueTask.CompletedTask;
}

using System.CommandLine;
using Spectre.Console;
using Spectre.Console.Rendering;
using Stockpile.Cli.Client;
using Stockpile.Cli.Top;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Commands;

/// <summary><c>stockpile top</c>: the cluster as it goes; without a terminal one look.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan IntervalDefault = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IntervalMax = TimeSpan.FromHours(1);

    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "top", "Watch the fleet by tier, cells, queue and rates");
        var interval = new Option<TimeSpan?>("--interval")
        {
            Description = "Real time between two looks, such as 5s; 1s by default",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (Quantities.TryParseDuration(text, out var time) && time >= IntervalMin && time <= IntervalMax)
                    return time;
                result.AddError($"--interval is {text}; allowed: {Quantities.DurationRule}, 100ms to 1h");
                return null;
            },
        };
        verb.Command.Add(interval);
        return verb.Runs(async (parsed, session, cancel) =>
        {
            if (session.Json || !context.IsTerminal)
            {
                var once = await LookAsync(session.Client, cancel);
                if (session.Json) session.Screen.Json(once);
                else TopScreen.Print(session.Screen, once);
            }
            else
            {
                await WatchAsync(session, parsed.GetValue(interval) ?? IntervalDefault, cancel);
            }

            return ExitCodes.Done;
        });
    }

    private static async Task<TopLook> LookAsync(StockpileClient client, CancellationToken cancel)
    {
        var fleet = await client.GetAsync<FleetResponse>("fleet", cancel);
        var cells = await client.GetAsync<CellListResponse>("cells", cancel);
        return new TopLook(fleet.Value, cells.Value.Cells, Rates: null);
    }

    private static async Task WatchAsync(Session session, TimeSpan interval, CancellationToken cancel)
    {
        var clock = session.Context.Clock;
        var look = await LookAsync(session.Client, cancel);
        var server = session.Client.Server.ToString();
        var at = clock.GetTimestamp();
        try
        {
            await AnsiConsole.Live(Screen(null)).AutoClear(false).StartAsync(async live =>
            {
                while (true)
                {
                    await Task.Delay(interval, clock, cancel);
                    string? trouble = null;
                    try
                    {
                        var next = await LookAsync(session.Client, cancel);
                        var rates = TopRates.Between(look.Fleet.Jobs, next.Fleet.Jobs, clock.GetElapsedTime(at));
                        at = clock.GetTimestamp();
                        look = next with { Rates = rates };
                    }
                    catch (CliException failure)
                    {
                        // A cluster that fails over is worth watching: the last look stays, with what is wrong.
                        trouble = failure.Message;
                    }

                    live.UpdateTarget(Screen(trouble));
                }
            });
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Ctrl+C is how it ends.
        }

        // The terminal may have been resized since the last look.
        IRenderable Screen(string? trouble) =>
            TopScreen.Live(look, server, trouble, AnsiConsole.Profile.Width);
    }
}

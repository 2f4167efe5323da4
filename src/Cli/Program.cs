using Stockpile.Cli;

return await CliApp.RunAsync(args, CliContext.OfProcess());

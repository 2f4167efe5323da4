using Stockpile.Tests.Shared;

[assembly: AssemblyFixture(typeof(PostgresServerFixture))]

using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Stockpile.Hosting.Access;

namespace Stockpile.Scheduler.Api.Access;

/// <summary>
/// Who calls: the bearer of a token (RFC 6750). Without tokens in the settings everybody is an operator, and only
/// programs on this machine get here.
/// </summary>
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    AccessTokens tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Bearer";

    private static readonly AccessToken Anybody = new("anybody", AccessRole.Operator);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var given = Request.Headers.Authorization.Count > 0;
        Response.Headers.WWWAuthenticate = given
            ? """Bearer realm="stockpile", error="invalid_token" """.TrimEnd()
            : """Bearer realm="stockpile" """.TrimEnd();
        return ProblemResult.Of(StatusCodes.Status401Unauthorized, ProblemCodes.Unauthorized, given
            ? "the access token is not one of this server's"
            : "an access token is needed, as 'Authorization: Bearer TOKEN'").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var has = AccessRules.RoleOf(Context.User);
        return ProblemResult.Of(StatusCodes.Status403Forbidden, ProblemCodes.Forbidden,
            $"this needs the role {InWords(AccessRules.NeededFor(Context))}; the token {Context.User.Identity?.Name} "
            + $"has {InWords(has)}").ExecuteAsync(Context);
    }

    private AuthenticateResult Authenticate()
    {
        if (tokens.IsEmpty) return Success(Anybody);
        var headers = Request.Headers.Authorization;
        if (headers.Count == 0) return AuthenticateResult.NoResult();
        var isBearer = AuthenticationHeaderValue.TryParse(headers.ToString(), out var header)
            && header.Scheme.Equals(SchemeName, StringComparison.OrdinalIgnoreCase);
        var token = headers.Count == 1 && isBearer ? tokens.Find(header!.Parameter ?? "") : null;
        return token is null ? AuthenticateResult.Fail("the token is not known") : Success(token);
    }

    private AuthenticateResult Success(AccessToken token) => AuthenticateResult.Success(new AuthenticationTicket(
        new ClaimsPrincipal(new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, token.Name), new Claim(ClaimTypes.Role, $"{token.Role}")], Scheme.Name)),
        Scheme.Name));

    private static string InWords(AccessRole? role) => $"{role}".ToLowerInvariant();
}

/// <summary>Marks an endpoint, or as a feature one request, that needs another role than its method says.</summary>
internal sealed record NeedsRole(AccessRole Role);

/// <summary>
/// Which role a request needs. What is not marked and not open to all is for viewers where it only reads, and for
/// operators where it does not, so that a forgotten mark opens nothing.
/// </summary>
internal static class AccessRules
{
    public static AccessRole NeededFor(HttpContext http) =>
        (http.Features.Get<NeedsRole>() ?? http.GetEndpoint()?.Metadata.GetMetadata<NeedsRole>())?.Role
        ?? (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)
            ? AccessRole.Viewer
            : AccessRole.Operator);

    /// <summary>Null: nobody that is known.</summary>
    public static AccessRole? RoleOf(ClaimsPrincipal user) =>
        Enum.TryParse<AccessRole>(user.FindFirstValue(ClaimTypes.Role), out var role) ? role : null;

    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        // Not AddAuthentication, which also makes keys for cookies and writes them to the home folder.
        services.AddAuthenticationCore(o => o.AddScheme<TokenAuthentication>(TokenAuthentication.SchemeName, null));
        services.AddTransient<TokenAuthentication>();
        services.AddWebEncoders();
        // The fallback is for every request, also one that no endpoint takes, unless its endpoint is open to all.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder()
            .RequireAuthenticatedUser()
            .RequireAssertion(context => context.Resource is HttpContext http
                && RoleOf(context.User) is { } role && role >= NeededFor(http))
            .Build());
        return services;
    }

    public static TBuilder Needs<TBuilder>(this TBuilder endpoint, AccessRole role)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new NeedsRole(role));
}

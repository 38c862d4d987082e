namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>An operator's connection that is dead for good from some request on, as that of a killed process.</summary>
internal abstract class Death : DelegatingHandler
{
    private readonly TaskCompletionSource dead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Dead => dead.Task;

    protected bool IsDead => dead.Task.IsCompleted;

    protected HttpRequestException Die()
    {
        dead.TrySetResult();
        return new HttpRequestException("the operator is dead");
    }
}

/// <summary>Dies when it is told to.</summary>
internal sealed class DeathOnDemand : Death
{
    public void Now() => Die();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        IsDead ? throw Die() : base.SendAsync(request, cancellationToken);
}

/// <summary>
/// Dies before its n-th request. Lists and watches of collections are not counted: which of them comes first is a matter of chance.
/// </summary>
internal sealed class DeathBeforeRequest(int requests) : Death
{
    private int left = requests;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var list = request.Method == HttpMethod.Get && request.RequestUri!.AbsolutePath.EndsWith('s');
        return !IsDead && (list || Interlocked.Decrement(ref left) >= 0) ? base.SendAsync(request, cancellationToken) : throw Die();
    }
}

/// <summary>Dies after its n-th write has reached the API server, without hearing the answer.</summary>
internal sealed class DeathAfterWrite(int writes) : Death
{
    private int left = writes;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (IsDead) throw Die();
        if (request.Method == HttpMethod.Get) return await base.SendAsync(request, cancellationToken);
        var rest = Interlocked.Decrement(ref left);
        if (rest < 0) throw Die();
        var response = await base.SendAsync(request, cancellationToken);
        if (rest > 0) return response;
        response.Dispose();
        throw Die();
    }
}

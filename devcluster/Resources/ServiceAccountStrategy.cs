namespace LightReasoner.DevCluster.Resources;

internal sealed class ServiceAccountStrategy : ResourceStrategy
{
    public override bool DeleteReturnsObject => true;
}

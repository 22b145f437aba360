import json, uuid, boto3
ddb=boto3.client('dynamodb'); T='skybridge-bookings'
def booking(event, ctx):
    body=json.loads(event.get('body') or '{}')
    b_id=str(uuid.uuid4())
    ddb.put_item(TableName=T, Item={'booking_id':{'S':b_id}, 'agency':{'S':body.get('agency','UNKNOWN')}, 'status':{'S':'CREATED'}})
    return {'statusCode':201,'body':json.dumps({'booking_id':b_id,'status':'CREATED'})}

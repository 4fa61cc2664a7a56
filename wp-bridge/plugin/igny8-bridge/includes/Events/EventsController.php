<?php
/**
 * POST igny8/v1/events.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Pairing\Pairing;
use Igny8\Bridge\PlainText;
use Igny8\Bridge\Plugin;
use Igny8\Bridge\Signature\Webhook;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

/**
 * Takes the service's webhooks. The signature is the authentication.
 */
final class EventsController {

	const PAUSE_OPTION = 'igny8_bridge_pause';

	/** When that was told last, in milliseconds since 1970. */
	const PAUSE_TOLD_OPTION = 'igny8_bridge_pause_told';

	/**
	 * Registers the route.
	 */
	public function register_routes(): void {
		register_rest_route(
			Plugin::REST_NAMESPACE,
			'/events',
			array(
				'methods'             => 'POST',
				'callback'            => array( $this, 'take' ),
				'permission_callback' => array( $this, 'is_signed' ),
				'args'                => array(
					'type'      => array(
						'type'      => 'string',
						'minLength' => 1,
						'maxLength' => 100,
						'required'  => true,
					),
					'timestamp' => array(
						'type'     => 'string',
						'format'   => 'date-time',
						'required' => true,
					),
					'data'      => array(
						'type'     => 'object',
						'required' => true,
					),
				),
			)
		);
	}

	/**
	 * Whether a key of this site's signed it; the answer is the same for a site that is not paired.
	 *
	 * @param WP_REST_Request $request The webhook.
	 * @return true|WP_Error
	 */
	public function is_signed( WP_REST_Request $request ) {
		$is_signed = Webhook::verify(
			Pairing::keys(),
			(string) $request->get_header( 'webhook-id' ),
			(string) $request->get_header( 'webhook-timestamp' ),
			(string) $request->get_header( 'webhook-signature' ),
			$request->get_body()
		);
		return $is_signed ? true : new WP_Error(
			'igny8_bad_signature',
			__( 'The webhook is not signed with a key of this site.', 'igny8-bridge' ),
			array( 'status' => 401 )
		);
	}

	/**
	 * Acts on a webhook once. One that broke off is acted on again: doing so twice ends in the same state.
	 *
	 * @param WP_REST_Request $request The webhook.
	 * @return WP_REST_Response|WP_Error
	 */
	public function take( WP_REST_Request $request ) {
		$id = (string) $request->get_header( 'webhook-id' );
		if ( SeenWebhooks::is_done( $id ) ) {
			return new WP_REST_Response( array( 'taken' => true ) );
		}
		$type    = $request['type'];
		$data    = $request['data'];
		$told_at = self::milliseconds( $request['timestamp'] );
		if ( 0 === strpos( $type, 'task.' ) ) {
			if ( ! is_int( $data['task_id'] ?? null ) || $data['task_id'] < 1 ) {
				return new WP_Error( 'rest_invalid_param', __( 'A task without its id.', 'igny8-bridge' ), array( 'status' => 400 ) );
			}
			KnownTasks::store( $data, $told_at );
		} elseif ( in_array( $type, array( 'site.paused', 'site.resumed' ), true ) && $told_at >= (int) get_option( self::PAUSE_TOLD_OPTION ) ) {
			update_option( self::PAUSE_TOLD_OPTION, $told_at, false );
			if ( 'site.paused' === $type ) {
				update_option( self::PAUSE_OPTION, PlainText::line( (string) ( $data['reason'] ?? '' ) ), false );
			} else {
				delete_option( self::PAUSE_OPTION );
			}
		}
		SeenWebhooks::done( $id );
		return new WP_REST_Response( array( 'taken' => true ) );
	}

	/**
	 * Milliseconds since 1970.
	 *
	 * @param string $timestamp ISO 8601.
	 */
	private static function milliseconds( string $timestamp ): int {
		return (int) ( new \DateTimeImmutable( $timestamp ) )->format( 'Uv' );
	}
}

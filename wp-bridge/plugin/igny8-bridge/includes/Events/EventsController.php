<?php
/**
 * REST route igny8/v1/events.
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
 * Receives webhooks from igny8, authenticated by their signature.
 */
final class EventsController {

	/** Why igny8 has paused publishing to this site. */
	const PAUSE_OPTION = 'igny8_bridge_pause';

	/** Timestamp of the last webhook that changed the pause state, in milliseconds since the Unix epoch. */
	const PAUSE_CHANGED_OPTION = 'igny8_bridge_pause_changed';

	/**
	 * Registers the route.
	 */
	public function register_routes(): void {
		register_rest_route(
			Plugin::REST_NAMESPACE,
			'/events',
			array(
				'methods'             => 'POST',
				'callback'            => array( $this, 'receive' ),
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
	 * Verifies the signature. Fails in the same way if the site is not paired.
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
			__( 'The webhook is not signed with a valid key of this site.', 'igny8-bridge' ),
			array( 'status' => 401 )
		);
	}

	/**
	 * Processes a webhook once. A retry after a crash processes it again, which leads to the same state.
	 *
	 * @param WP_REST_Request $request The webhook.
	 * @return WP_REST_Response|WP_Error
	 */
	public function receive( WP_REST_Request $request ) {
		$id = (string) $request->get_header( 'webhook-id' );
		if ( SeenWebhooks::is_processed( $id ) ) {
			return new WP_REST_Response( array( 'taken' => true ) );
		}
		$type    = $request['type'];
		$data    = $request['data'];
		$sent_at = self::milliseconds( $request['timestamp'] );
		if ( 0 === strpos( $type, 'task.' ) ) {
			if ( ! is_int( $data['task_id'] ?? null ) || $data['task_id'] < 1 ) {
				return new WP_Error( 'rest_invalid_param', __( 'The webhook has no valid task_id.', 'igny8-bridge' ), array( 'status' => 400 ) );
			}
			KnownTasks::store( $data, $sent_at );
		} elseif ( in_array( $type, array( 'site.paused', 'site.resumed' ), true ) && $sent_at >= (int) get_option( self::PAUSE_CHANGED_OPTION ) ) {
			update_option( self::PAUSE_CHANGED_OPTION, $sent_at, false );
			if ( 'site.paused' === $type ) {
				update_option( self::PAUSE_OPTION, PlainText::single_line( (string) ( $data['reason'] ?? '' ) ), false );
			} else {
				delete_option( self::PAUSE_OPTION );
			}
		}
		SeenWebhooks::mark_processed( $id );
		return new WP_REST_Response( array( 'taken' => true ) );
	}

	/**
	 * Converts a timestamp to milliseconds since the Unix epoch.
	 *
	 * @param string $timestamp ISO 8601.
	 */
	private static function milliseconds( string $timestamp ): int {
		return (int) ( new \DateTimeImmutable( $timestamp ) )->format( 'Uv' );
	}
}
